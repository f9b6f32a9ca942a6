"""Makes a site of these pages: ``sphinx-build docs build/docs``, with the extra ``docs`` installed."""

project = "Scaffold"
extensions = ["myst_parser"]
html_theme = "furo"
root_doc = "index"
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing", "toc.not_included"]  # index.md links to every page by itself
