"""MJML templates made into HTML, so that nothing a person wrote ever passes through MJML.

MJML re-emits attribute values decoded, so a headline with quotes would break out of its attribute.
Therefore every value that a template prints is kept aside and printed as an opaque token; MJML
compiles the tokens; the escaped values take their places afterwards. A template cannot forget it:
only a `Design` value, which is of our own making, is printed as it is.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flows.compose.markup import Span
from flows.compose.plaintext import target_of, words_of
from flows.compose.slots import literal, slot
from flows.compose.theme import Design, Theme
from flows.errors import InputError

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.runtime import Context
    from markupsafe import Markup

_KEPT = re.compile(r"oproepkept(\d+)z")
_WHOLE = re.compile(r"oproepwhole(\d+)z")
_PASSAGE = re.compile(r"oproeppassage([a-y_]+)zopens(.*?)oproeppassage\1zends", re.DOTALL)
_TITLE = re.compile(r"<title>\s*(.*?)\s*</title>", re.DOTALL)
_BLANK_LINES = re.compile(r"\n\s*\n|^[ \t]+", re.MULTILINE)
_LOADED = re.compile(
    r"""<(?:img|link|script|iframe|v:\w+|input|video|audio|source|object|embed)\b[^>]*?
        \s(?:src|href|srcset|data|poster)\s*=\s*["']?([^"'\s>]+)
      |\sbackground\s*=\s*["']([^"']+)
      |url\(\s*["']?([^"')]+)
      |@import\s+["']([^"']+)""",
    re.IGNORECASE | re.VERBOSE,
)


def compile_mail(
    template: str, values: Mapping[str, object], *, templates: Path, hosts: frozenset[str]
) -> tuple[str, dict[str, str]]:
    """Return a mail's HTML, and that of its passages by the slot each stands in.

    Args:
        template: Name of the template, such as `issue.mjml`.
        values: What the template may print.
        templates: The folder of the templates.
        hosts: From which the mail may load images; from every other it loads nothing.

    Raises:
        InputError: the template is missing or cannot be read, or the mail would load something
            from a host that is not ours.
    """
    kept: list[str] = []
    whole: list[str] = []
    source = _rendered(template, {**values, "_kept": kept, "_whole": whole}, templates)
    compiled = _compiled(source, where=str(templates / template))
    compiled = _WHOLE.sub(lambda found: whole[int(found[1])], compiled)
    compiled = _BLANK_LINES.sub(lambda found: "\n" if "\n" in found[0] else "", compiled)
    compiled = _TITLE.sub(lambda found: f"<title>{found[1]}</title>", compiled)
    text = _filled(compiled, kept)
    _refuse_foreign_hosts(compiled, kept, hosts, where=str(templates / template))
    passages: dict[str, str] = {}

    def cut(found: re.Match[str]) -> str:
        passages[found[1]] = found[2].strip()
        return slot(found[1])

    text = _PASSAGE.sub(cut, text)
    return text, passages


def passage_opens(name: str) -> Design:
    """Return the mark at which a passage begins."""
    return Design(f"oproeppassage{name}zopens")


def passage_ends(name: str) -> Design:
    """Return the mark at which a passage ends."""
    return Design(f"oproeppassage{name}zends")


def _rendered(template: str, values: Mapping[str, object], templates: Path) -> str:
    from jinja2 import TemplateError, TemplateNotFound

    try:
        return _environment(templates).get_template(template).render(values)
    except TemplateNotFound as error:
        raise InputError(
            f"The template {error.name} is missing.",
            where=str(templates),
            mend="Put it back, or set OPROEP_TEMPLATES_DIR to the folder it lies in.",
        ) from None
    except TemplateError as error:
        line = f":{number}" if (number := getattr(error, "lineno", None)) else ""
        name = getattr(error, "name", None) or template
        raise InputError(
            f"The template {name} cannot be used: {error}.",
            where=f"{templates / name}{line}",
            mend="Correct the template.",
        ) from None


@cache
def _environment(templates: Path) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
    from markupsafe import Markup, escape

    def keep(context: Context, value: object) -> object:
        if isinstance(value, Design | int | float):
            return value
        kept: list[str] = context["_kept"]
        shown = value if isinstance(value, Markup) else escape(literal(str(value)))
        kept.append(str(shown))
        return f"oproepkept{len(kept) - 1}z"

    def inline(context: Context, spans: Sequence[Span]) -> Markup:
        return Markup(spans_as_html(spans, link=context["link"], theme=context["theme"]))  # noqa: S704

    def whole(context: Context, content: str) -> str:
        parts: list[str] = context["_whole"]
        parts.append(content.strip())
        return f"oproepwhole{len(parts) - 1}z"

    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=pass_context(keep),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["inline"] = pass_context(inline)
    # HTML that MJML would only copy, at a third of the time it takes.
    environment.filters["whole"] = pass_context(whole)
    environment.filters["target"] = lambda span, link: target_of(span, link)
    environment.globals["slot"] = _slot_markup
    return environment


def _slot_markup(name: str) -> Design:
    return Design(slot(name))


def _compiled(source: str, *, where: str) -> str:
    from mjml import mjml_to_html

    try:
        result: Any = mjml_to_html(source)
    except (KeyError, ValueError, AttributeError, TypeError, NotImplementedError) as error:
        raise InputError(
            f"The template is not valid MJML: {error}.",
            where=where,
            mend="Correct the template; MJML's own list of tags says what it knows.",
        ) from None
    return str(result.html)


def _filled(compiled: str, kept: Sequence[str]) -> str:
    """Return compiled HTML with the values in the places of their tokens."""
    return _KEPT.sub(lambda found: kept[int(found[1])], compiled)


def _refuse_foreign_hosts(
    compiled: str, kept: Sequence[str], hosts: frozenset[str], *, where: str
) -> None:
    """Raise unless everything that a mail loads comes from hosts of our own.

    Looks at the mail before its values are in place, where only addresses can look like addresses.
    """
    for groups in _LOADED.findall(compiled):
        url = html.unescape(_filled(next(filter(None, groups), ""), kept))
        host = urlsplit(url).hostname
        if host and host not in hosts:
            raise InputError(
                f"The mail would load something from {host}, which would tell that it is read.",
                where=where,
                mend="Take it out, or put the image on the organisation's own website.",
            )


def spans_as_html(spans: Sequence[Span], *, link: str, theme: Theme) -> str:
    """Return running text as HTML, escaped."""
    return "".join(_span(span, link, theme) for span in spans)


_TAGS = {"strong": "strong", "emphasis": "em", "code": "code"}


def _span(span: Span, link: str, theme: Theme) -> str:
    if span.kind == "field":
        return slot(span.text)
    if span.kind == "break":
        return "<br>"
    inner = html.escape(literal(span.text))
    inner += spans_as_html(words_of(span, link), link=link, theme=theme)
    if tag := _TAGS.get(span.kind):
        return f"<{tag}>{inner}</{tag}>"
    target = target_of(span, link) if span.kind == "link" else ""
    if not target:
        return inner
    address = html.escape(literal(target))
    style = f"color:{theme.link};text-decoration:underline"
    return f'<a href="{address}" class="link" style="{style}">{inner}</a>'
