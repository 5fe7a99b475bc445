"""The use cases of service: one file each, and what builds them."""

from verticals.service.service.helpdesk import HelpDesk, build
from verticals.service.service.knowledge import HELP, INGEST, Queued
from verticals.service.service.reply import Heard, Reply
from verticals.service.service.talk import Opening, Said

__all__ = ["HELP", "INGEST", "Heard", "HelpDesk", "Opening", "Queued", "Reply", "Said", "build"]
