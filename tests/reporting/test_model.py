"""What a report adds up to, and its JSON."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import models
from flows.errors import Unbalanced
from flows.models import DeliveryState, MessageKind, SkipReason, StepState
from flows.reporting.explain import explain, their_words
from flows.reporting.idiom import printable
from flows.reporting.model import ProblemDelivery, Report, StepReport
from flows.reporting.words_en import EN
from flows.reporting.words_nl import NL

D = DeliveryState
Step = Callable[..., StepReport]
COUNTS = st.dictionaries(st.sampled_from(DeliveryState), st.integers(0, 10**6))


def test_the_json_has_exactly_the_keys_that_were_agreed_first(all_went: Report) -> None:
    told = json.loads(json.dumps(all_went.to_json()))
    assert list(told)[:6] == [
        "campaign",
        "event",
        "generated_at",
        "steps",
        "channels",
        "balanced",
    ]
    assert list(told["steps"][0])[:7] == [
        "channel",
        "draft",
        "at",
        "deadline",
        "state",
        "started_at",
        "finished_at",
    ]
    assert list(told["channels"]) == ["mailout", "newsletter", "mastodon"]
    assert list(told["channels"]["mailout"]) == ["planned", *DeliveryState]
    assert told["channels"]["mailout"]["sent"] == told["channels"]["mailout"]["planned"] == 11
    assert told["balanced"] is True
    assert told["event"]["at"] == "2026-02-12T09:00:00+00:00"


def test_the_json_holds_nobodys_address(trouble: Report) -> None:
    assert "post.example" not in json.dumps(trouble.to_json())


@given(COUNTS, COUNTS, st.integers(-1, 1))
def test_it_balances_exactly_if_every_step_does(
    first: dict[DeliveryState, int], second: dict[DeliveryState, int], off: int
) -> None:
    report = _report(
        _step(1, first, sum(first.values())), _step(2, second, sum(second.values()) + off)
    )
    assert report.balanced == (off == 0)
    assert report.to_json()["balanced"] == (off == 0)
    if off:
        with pytest.raises(Unbalanced, match=r"step 2 \(newsletter\)"):
            report.require_balance()
    else:
        report.require_balance()


def test_two_faults_that_cancel_out_are_still_two_faults() -> None:
    report = _report(_step(1, {D.SENT: 9}, 10), _step(2, {D.SENT: 11}, 10))
    assert report.planned == sum(report.counts.values())
    assert not report.balanced


@given(COUNTS, COUNTS)
def test_steps_on_one_channel_are_added_up(
    first: dict[DeliveryState, int], second: dict[DeliveryState, int]
) -> None:
    report = _report(_step(1, first, 3), _step(2, second, 4))
    (channel,) = report.channels
    assert channel.planned == 7
    for state in DeliveryState:
        assert channel.counts.get(state, 0) == first.get(state, 0) + second.get(state, 0)


def test_the_english_definitions_are_those_of_the_code() -> None:
    """The docstrings of `DeliveryState` are not there when the program runs; the file is."""
    tree = ast.parse(Path(models.__file__).read_text("utf-8"))
    body = next(
        node.body
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == "DeliveryState"
    )
    stands = {
        name.targets[0].id: doc.value.value
        for name, doc in pairwise(body)
        if isinstance(name, ast.Assign)
        and isinstance(name.targets[0], ast.Name)
        and isinstance(doc, ast.Expr)
        and isinstance(doc.value, ast.Constant)
    }
    assert {state.name: EN.state_meanings[state] for state in DeliveryState} == stands


@pytest.mark.parametrize("words", [NL, EN], ids=["nl", "en"])
def test_every_state_and_reason_has_words(words: object) -> None:
    for name, every in (
        ("states", DeliveryState),
        ("state_meanings", DeliveryState),
        ("step_states", StepState),
        ("reasons", SkipReason),
    ):
        assert set(getattr(words, name)) == set(every)


def test_both_languages_fill_in_the_same_things() -> None:
    def slots(text: object) -> set[str | None]:
        return {name for _, name, _, _ in Formatter().parse(str(text)) if name}

    for field in fields(NL):
        dutch, english = getattr(NL, field.name), getattr(EN, field.name)
        if isinstance(dutch, str):
            assert slots(dutch) == slots(english), field.name


@pytest.mark.parametrize(
    ("kind", "state", "code", "enhanced", "said"),
    [
        (MessageKind.ISSUE, D.REJECTED, 550, "5.1.1", "Dit adres bestaat niet (meer)."),
        (MessageKind.ISSUE, D.REJECTED, 550, "5.1.99", "Er is iets mis met het adres."),
        (MessageKind.ISSUE, D.REJECTED, 554, None, "De server weigert het bericht."),
        (MessageKind.ISSUE, D.REJECTED, 599, None, "een antwoord dat wij niet kennen"),
        (MessageKind.ISSUE, D.REJECTED, None, "x.y.z", "zonder te zeggen waarom"),
        (MessageKind.ISSUE, D.DEFERRED, 451, "4.7.1", "houdt onze mail voorlopig tegen"),
        (MessageKind.POST, D.REJECTED, 422, None, "Het netwerk keurt de inhoud af."),
        # 421 means one thing to a mail server and another on the web.
        (MessageKind.POST, D.DEFERRED, 421, None, "een antwoord dat wij niet kennen"),
        (MessageKind.ISSUE, D.COMPLAINED, 250, "2.0.0", "als ongewenst gemeld"),
    ],
)
def test_codes_are_explained_in_plain_words(
    kind: MessageKind, state: DeliveryState, code: int | None, enhanced: str | None, said: str
) -> None:
    problem = ProblemDelivery(
        step=1,
        channel="x",
        kind=kind,
        recipient="a@b.example",
        state=state,
        code=code,
        enhanced=enhanced,
        reply="No.",
    )
    assert said in explain(problem)
    assert explain(problem, language="en") != explain(problem)


def test_the_raw_code_stands_once_however_the_server_wrote_it(trouble: Report) -> None:
    rejected = trouble.problems[2]
    assert their_words(rejected).startswith("550 5.1.1 <zeer.lange.naam>")
    assert their_words(replace(rejected, reply="User unknown")) == "550 5.1.1 User unknown"
    assert their_words(replace(rejected, code=None, enhanced=None, reply="")) == ""


@given(st.text())
def test_foreign_text_is_made_harmless_for_a_terminal(text: str) -> None:
    shown = printable(text)
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in shown)
    assert "\n" not in shown
    assert printable(shown) == shown


def _step(number: int, counts: dict[DeliveryState, int], planned: int) -> StepReport:
    from tests.reporting.conftest import _step as build

    return build(number, "newsletter", hours=1, planned=planned, counts=counts)


def _report(*steps: StepReport) -> Report:
    from tests.reporting.conftest import EVENT

    return Report(campaign="c", title="t", event=EVENT, generated_at=EVENT.at, steps=steps)
