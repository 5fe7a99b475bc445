"""Whether a mention in a text is meant: present, absent, uncertain, historical, family or hypothetical.

    assess("No fever but chest pain", [Span(3, 8), Span(13, 23)])  ->  [ABSENT, PRESENT]

After ConText (Harkema et al. 2009, doi:10.1016/j.jbi.2009.05.002): cue phrases reach forwards or backwards
until a phrase or a border ends their scope, and some phrases only look like cues. English and Chinese. It
errs on one side by intent: where a scope is in doubt, a mention stays present or becomes uncertain.
"""

from __future__ import annotations

from core.text.assertion.engine import assess, status
from core.text.assertion.statuses import Status

__all__ = ["Status", "assess", "status"]
