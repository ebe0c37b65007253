"""The sixty tokens, one entry each: what they are for, and what is or was the matter with them."""

from __future__ import annotations

from dataclasses import dataclass

from tokens.health.verdicts import Verdict

from .cast import Trouble

PRODUCTION, RESEARCH, EU, CONTRACTOR = "acme-production", "acme-research", "acme-eu", "contractor"


@dataclass(frozen=True, slots=True)
class Part:
    """One token. `age` in days, `since` in hours; `left` and `used` in USD, `left` None is an unlimited quota."""

    name: str
    account: str
    owner: str
    purpose: str
    tags: str
    age: float
    left: float | None = None
    used: float = 0
    expires: float | None = None  # days from now
    group: str = ""
    models: str = ""
    networks: str = ""
    fault: str = ""  # of the simulator: the switch on its page is set
    verdict: Verdict = Verdict.OK  # what is the matter now,
    since: float = 0  # for so long
    past: tuple[Trouble, ...] = ()
    paused_for: float = 0  # hours
    retired_for: float = 0  # hours


V = Verdict
LONG = 200  # days: older than Keyward, brought in when the gateway was connected

_PRODUCTION = [
    Part(
        "checkout-assistant",
        PRODUCTION,
        "mira",
        "Answers questions in the web shop's checkout",
        "production web",
        LONG,
        left=180,
        used=641,
        past=(Trouble(33.4, 1.9, V.TOKEN_EXHAUSTED),),
    ),
    Part(
        "search-rerank",
        PRODUCTION,
        "jonas",
        "Orders the results of the product search",
        "production search",
        LONG,
        used=312.8,
    ),
    Part(
        "support-bot-eu",
        PRODUCTION,
        "priya",
        "First answers of the help desk",
        "production support",
        LONG,
        left=40,
        used=120,
        fault="exhausted",
        verdict=V.TOKEN_EXHAUSTED,
        since=3.1,
    ),
    Part(
        "客服机器人",
        PRODUCTION,
        "liwei",
        "Help desk in Chinese",
        "production support",
        160,
        used=88.4,
        past=(Trouble(20.6, 6.2, V.DISABLED),),
    ),
    Part(
        "product-descriptions",
        PRODUCTION,
        "aiko",
        "Writes texts of new products overnight",
        "production batch",
        LONG,
        left=2.9,
        used=97.1,
        verdict=V.QUOTA_LOW,
        since=26,
    ),
    Part(
        "recommendations-v2",
        PRODUCTION,
        "jonas",
        "Reasons shown beside recommendations",
        "production web",
        120,
        used=204.5,
    ),
    Part(
        "fraud-screening",
        PRODUCTION,
        "mira",
        "Second opinion on unusual orders",
        "production",
        LONG,
        used=55.9,
        networks="127.0.0.0/8\n10.0.0.0/8",
        past=(Trouble(64.2, 0.8, V.IP_BLOCKED),),
    ),
    Part(
        "invoice-parser",
        PRODUCTION,
        "priya",
        "Reads supplier invoices",
        "production finance",
        LONG,
        left=60,
        used=40,
        models="gpt-4o,gpt-4o-mini",
    ),
    Part("email-triage", PRODUCTION, "aiko", "Sorts incoming mail", "production support", 140, used=31.2),
    Part(
        "voice-transcripts",
        PRODUCTION,
        "jonas",
        "Summaries of recorded calls",
        "production support",
        95,
        used=77.0,
        fault="slow",
        verdict=V.DEGRADED_SLOW,
        since=1.4,
    ),
    Part("onboarding-guide", PRODUCTION, "mira", "Guide for new customers", "production web", 88, used=12.6),
    Part(
        "price-comparison",
        PRODUCTION,
        "liwei",
        "Reads competitors' offers",
        "batch",
        83,
        used=41.7,
        expires=3.4,
        verdict=V.EXPIRES_SOON,
        since=85,
    ),
    Part(
        "content-moderation",
        PRODUCTION,
        "priya",
        "Checks reviews before they appear",
        "production web",
        LONG,
        used=166.3,
        past=(Trouble(17.8, 3.4, V.DEGRADED_SLOW),),
    ),
    Part("image-captions", PRODUCTION, "aiko", "Alternative texts of product images", "batch", 76, left=25, used=11),
    Part("returns-helper", PRODUCTION, "mira", "Explains the state of a return", "production support", 70, used=9.8),
    Part(
        "translation-queue",
        PRODUCTION,
        "liwei",
        "Translates product texts into eleven languages",
        "production batch",
        LONG,
        used=390.2,
        group="vip",
        past=(Trouble(47.1, 11.5, V.TOKEN_EXHAUSTED),),
    ),
    Part("mobile-app-ios", PRODUCTION, "jonas", "Assistant in the iOS app", "production mobile", 150, used=73.4),
    Part(
        "mobile-app-android", PRODUCTION, "jonas", "Assistant in the Android app", "production mobile", 150, used=69.9
    ),
    Part("crm-enrichment", PRODUCTION, "priya", "Notes on companies for sales", "sales", 66, left=40, used=8.2),
    Part("sales-forecast", PRODUCTION, "mira", "Weekly outlook for the sales team", "sales", 61, used=3.3, expires=48),
    Part(
        "kb-indexer",
        PRODUCTION,
        "aiko",
        "Indexes the knowledge base",
        "production search",
        130,
        used=24.1,
        fault="group_forbidden",
        verdict=V.GROUP_FORBIDDEN,
        since=19.5,
    ),
    Part("release-notes", PRODUCTION, "jonas", "Drafts release notes", "engineering", 52, used=1.9),
    Part("alert-summaries", PRODUCTION, "aiko", "Sums up alerts for the one on call", "engineering", 49, used=4.4),
    Part(
        "contract-review",
        PRODUCTION,
        "priya",
        "Marks unusual clauses",
        "legal",
        45,
        left=80,
        used=20,
        past=(Trouble(26.3, 2.2, V.DISABLED),),
    ),
    Part(
        "hr-faq",
        PRODUCTION,
        "mira",
        "Answers questions about holidays and pay",
        "internal",
        90,
        used=2.6,
        paused_for=70,
    ),
    Part(
        "nightly-embeddings",
        PRODUCTION,
        "liwei",
        "Embeds what changed during the day",
        "production batch",
        110,
        used=140.7,
        fault="expired",
        verdict=V.EXPIRED,
        since=10.8,
    ),
]
_RESEARCH = [
    Part("eval-harness", RESEARCH, "aiko", "Runs the evaluation suite", "research", 140, used=66.2),
    Part("notebook-aiko", RESEARCH, "aiko", "Notebook", "research notebook", 120, used=7.3),
    Part("notebook-liwei", RESEARCH, "liwei", "Notebook", "research notebook", 118, used=5.5),
    Part(
        "prompt-lab",
        RESEARCH,
        "priya",
        "Compares prompts",
        "research",
        100,
        used=18.8,
        past=(Trouble(38.5, 5.0, V.TOKEN_EXHAUSTED),),
    ),
    Part("red-team", RESEARCH, "jonas", "Attacks our own prompts", "research security", 97, left=15, used=10),
    Part(
        "dataset-labelling",
        RESEARCH,
        "liwei",
        "Labels samples for training",
        "research batch",
        85,
        left=15,
        used=30,
        fault="exhausted",
        verdict=V.TOKEN_EXHAUSTED,
        since=47,
    ),
    Part("paper-digest", RESEARCH, "aiko", "Weekly digest of papers", "research", 71, used=2.1),
    Part("benchmark-weekly", RESEARCH, "priya", "Weekly comparison of models", "research", 64, used=21.4, group="vip"),
    Part(
        "distillation-run",
        RESEARCH,
        "liwei",
        "Teaches a small model",
        "research batch",
        31,
        left=9,
        used=91,
        verdict=V.QUOTA_LOW,
        since=8.2,
    ),
    Part("rag-experiments", RESEARCH, "aiko", "Tries retrieval", "research", 27, used=6.9),
    Part(
        "agent-sandbox",
        RESEARCH,
        "jonas",
        "Agents that may break things",
        "research",
        19,
        left=10,
        used=3,
        paused_for=30,
    ),
    Part(
        "thesis-intern",
        RESEARCH,
        "priya",
        "Thesis of last summer's intern",
        "research",
        150,
        used=14.0,
        retired_for=24 * 21,
    ),
]
_EU = [
    Part(
        "gdpr-redaction", EU, "priya", "Blackens names before texts leave the house", "production legal", LONG, used=19
    ),
    Part(
        "eu-chat-frontend",
        EU,
        "mira",
        "Chat of the European site",
        "production web",
        LONG,
        used=48.5,
        past=(Trouble(23.9, 1.2, V.IP_BLOCKED),),
    ),
    Part("eu-search", EU, "jonas", "Search of the European site", "production search", LONG, used=33.0),
    Part("eu-batch-translate", EU, "liwei", "Translates contracts overnight", "batch legal", 105, left=12, used=44),
    Part(
        "legal-drafts",
        EU,
        "priya",
        "First drafts of letters",
        "legal",
        99,
        used=5.2,
        fault="disabled",
        verdict=V.DISABLED,
        since=29,
    ),
    Part(
        "tender-scanner",
        EU,
        "mira",
        "Reads public tenders",
        "sales batch",
        93,
        used=7.7,
        expires=5.8,
        verdict=V.EXPIRES_SOON,
        since=29,
    ),
    Part("meeting-minutes", EU, "aiko", "Minutes of meetings", "internal", 80, used=3.9),
    Part(
        "ci-runner",
        EU,
        "jonas",
        "Tests that call a model",
        "engineering ci",
        77,
        left=20,
        used=6,
        fault="ip_blocked",
        verdict=V.IP_BLOCKED,
        since=6.4,
    ),
    Part(
        "staging-web",
        EU,
        "jonas",
        "Staging of the shop",
        "engineering",
        74,
        used=2.2,
        past=(Trouble(5.3, 0.9, V.DISABLED),),
    ),
    Part("load-test", EU, "aiko", "Load tests, only on Tuesdays", "engineering", 58, left=30, used=18, paused_for=140),
    Part("docs-assistant", EU, "mira", "Answers from the manual", "internal", 54, used=1.4),
    Part("helpdesk-macros", EU, "priya", "Suggests answers to agents", "production support", 50, used=8.1),
    Part(
        "archive-ocr",
        EU,
        "liwei",
        "Cleans up scanned letters",
        "batch",
        43,
        used=11.9,
        past=(Trouble(14.7, 8.3, V.TOKEN_EXHAUSTED),),
    ),
    Part("mail-drafts", EU, "mira", "Drafts of answers to mail", "internal", 36, used=0.8),
    Part(
        "eu-analytics",
        EU,
        "aiko",
        "Questions to the data warehouse",
        "internal",
        29,
        used=4.6,
        fault="deleted",
        verdict=V.UNKNOWN_OR_REVOKED,
        since=15.2,
    ),
    Part("partner-portal", EU, "priya", "Portal for partners", "production web", 22, left=50, used=1, expires=340),
    Part("kiosk-berlin", EU, "jonas", "Screen in the Berlin shop", "production", 13, used=0.3),
    Part("pilot-2025", EU, "mira", "Pilot of last year", "web", LONG, used=26.0, retired_for=24 * 46),
]
_CONTRACTOR = [
    Part("contractor-web", CONTRACTOR, "mira", "Key that the web agency handed over", "agency", 16, group="default",
         used=2.0),
    Part("contractor-ads", CONTRACTOR, "mira", "Texts of advertisements", "agency", 16, group="default", used=1.1),
    Part("contractor-voice", CONTRACTOR, "liwei", "Early access to speech models", "agency", 0.05,
         verdict=V.INCONCLUSIVE, since=1.2),
    Part("contractor-vision", CONTRACTOR, "liwei", "Early access to vision models", "agency", 0.05,
         verdict=V.INCONCLUSIVE, since=1.2),
]  # fmt: skip
PARTS: tuple[Part, ...] = (*_PRODUCTION, *_RESEARCH, *_EU, *_CONTRACTOR)
