"""The routes that know no industry; each module has `router(container, access) -> APIRouter`."""
