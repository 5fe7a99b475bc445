"""The use cases of finance: one file each, and what builds them."""

from verticals.finance.policy.companies import Company
from verticals.finance.service.alerts import AlertView
from verticals.finance.service.analyze import Analysis, answer
from verticals.finance.service.answers import alert_out, rule_out, trend_out, whole_alert
from verticals.finance.service.channel_users import channel_users
from verticals.finance.service.companies import Companies, read_companies
from verticals.finance.service.documents import READ, Documents, DocumentView
from verticals.finance.service.finance import Finance, build
from verticals.finance.service.monitor import Change, Monitor
from verticals.finance.service.reading import WATCH
from verticals.finance.service.rules import Rules, RuleView
from verticals.finance.service.subscribers import Subscribers, SubscriberView
from verticals.finance.service.taking import Intake
from verticals.finance.service.trends import Trend, Trends, Window

__all__ = [
    "READ",
    "WATCH",
    "AlertView",
    "Analysis",
    "Change",
    "Companies",
    "Company",
    "DocumentView",
    "Documents",
    "Finance",
    "Intake",
    "Monitor",
    "RuleView",
    "Rules",
    "SubscriberView",
    "Subscribers",
    "Trend",
    "Trends",
    "Window",
    "alert_out",
    "answer",
    "build",
    "channel_users",
    "read_companies",
    "rule_out",
    "trend_out",
    "whole_alert",
]
