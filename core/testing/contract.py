"""The contract that every vertical keeps, as a test class to inherit.

    pytest_plugins = ["api.testing"]                      # the fixture `app_client`

    @pytest.fixture(scope="module")
    def vertical() -> Vertical:
        return tides.vertical

    class TestTides(VerticalContract):
        pass

Nothing else is needed: the suite finds the folder by the entry point, the routes by the router, the requests
by the manifest's examples. What a vertical does not have (no routes, no tasks) is not asked of it.
"""

from __future__ import annotations

from core.testing.data_contract import DataContract
from core.testing.manifest_contract import ManifestContract
from core.testing.tables_contract import TablesContract
from core.testing.web_contract import WebContract


class VerticalContract(ManifestContract, DataContract, TablesContract, WebContract):
    """Manifest, layout, starter data, tables, routes."""
