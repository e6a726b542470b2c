"""Pages that stand alone: one HTML file each, from the templates in this folder, with nothing loaded from elsewhere."""

from __future__ import annotations

import base64
from typing import Any

import jinja2

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("deepfeatures.study", "pages"),
    autoescape=True,  # claims, captions and failures are texts, whatever stands in them
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
)


def fill(template: str, **content: Any) -> str:
    """The page `template` (a name without its ending) with the content put in, escaped."""
    return _TEMPLATES.get_template(f"{template}.html.jinja").render(**content)


def data_address(content: bytes, mime: str) -> str:
    """The content as an address that loads nothing: data:<mime>;base64,..."""
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"
