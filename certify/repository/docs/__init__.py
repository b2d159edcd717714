"""The connector's documentation, read as what it is: pages, code, links, runbooks, a list of changes."""

from certify.repository.docs.code import CodeBlocks, manifests_in
from certify.repository.docs.commands import absent_files, absent_scripts, commands_of
from certify.repository.docs.icon import icon_defects
from certify.repository.docs.links import dead_links, left_out
from certify.repository.docs.page import Page
from certify.repository.docs.pages import MAX_PAGES, NEEDS_MARKDOWN, Pages
from certify.repository.docs.runbooks import uncovered_runbooks
from certify.repository.docs.structure import heading_defects, untold_topics
from certify.repository.docs.topics import Topic

__all__ = [
    "MAX_PAGES",
    "NEEDS_MARKDOWN",
    "CodeBlocks",
    "Page",
    "Pages",
    "Topic",
    "absent_files",
    "absent_scripts",
    "commands_of",
    "dead_links",
    "heading_defects",
    "icon_defects",
    "left_out",
    "manifests_in",
    "uncovered_runbooks",
    "untold_topics",
]
