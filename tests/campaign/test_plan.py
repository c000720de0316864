"""campaign.toml: read whole, or refused with every fault and its line."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.audience.faults import Faults
from flows.campaign.channel_kinds import CHANNEL_KINDS
from flows.campaign.plan import CampaignPlan, read_plan
from flows.errors import InputError
from flows.models import Severity

ZONE = ZoneInfo("Europe/Amsterdam")
EVENT = '[event]\nname = "Rondetafelgesprek"\nat = 2026-02-12T10:00:00\n'


def plan_of(folder: Path, text: str) -> CampaignPlan:
    path = folder / "campaign.toml"
    path.write_text(text, "utf-8")
    return read_plan(path, zone=ZONE)


def faults_of(folder: Path, text: str) -> list[tuple[str, str]]:
    with pytest.raises(Faults) as caught:
        plan_of(folder, text)
    path = str(folder / "campaign.toml")
    return [(each.code, each.where.removeprefix(path)) for each in caught.value.problems]


def test_a_step_that_says_little_takes_the_rest_from_its_channel(tmp_path: Path) -> None:
    plan = plan_of(
        tmp_path,
        EVENT + '[[step]]\nchannel = "newsletter"\nat = "event - 17h"\n'
        '[[step]]\nchannel = "mastodon"\nat = "event - 16h"\n',
    )
    newsletter, post = plan.steps
    assert plan.event.at == datetime(2026, 2, 12, 9, 0, tzinfo=UTC)
    assert plan.event.has_time
    assert newsletter.at == datetime(2026, 2, 11, 16, 0, tzinfo=UTC)
    assert newsletter.deadline == plan.event.at
    assert newsletter.not_before is None
    assert newsletter.written == "event - 17h"
    assert (newsletter.number, newsletter.draft, newsletter.list, newsletter.account) == (
        1, "newsletter.md", "nieuwsbrief", "",
    )  # fmt: skip
    assert (post.number, post.draft, post.list, post.account) == (
        2, "posts/oproep.md", "", "default",
    )  # fmt: skip


def test_a_step_may_say_everything(tmp_path: Path) -> None:
    (step,) = plan_of(
        tmp_path,
        EVENT + '[[step]]\nchannel = "bluesky"\naccount = "jeugd"\ndraft = "posts/jeugd.md"\n'
        'at = "event + 1h"\ndeadline = "event + 1d"\nnot_before = 2026-02-12T10:30:00\n',
    ).steps
    assert (step.account, step.draft) == ("jeugd", "posts/jeugd.md")
    assert step.deadline == datetime(2026, 2, 13, 9, 0, tzinfo=UTC)
    assert step.not_before == datetime(2026, 2, 12, 9, 30, tzinfo=UTC)


def test_an_event_that_is_only_a_date_counts_from_midnight_with_a_warning(tmp_path: Path) -> None:
    plan = plan_of(
        tmp_path,
        '[event]\nname = "R"\nat = 2026-02-12\n[[step]]\nchannel = "mailout"\nat = "event - 1h"\n',
    )
    assert plan.event.at == datetime(2026, 2, 11, 23, 0, tzinfo=UTC)
    assert not plan.event.has_time
    (warning,) = plan.warnings
    assert (warning.severity, warning.code) == (Severity.WARNING, "event-without-time")
    assert warning.where.endswith("campaign.toml:3")


def test_all_faults_come_at_once_with_their_lines(tmp_path: Path) -> None:
    assert faults_of(
        tmp_path,
        'titel = "x"\n'
        "[event]\n"
        "name = 3\n"
        "at = 2026-02-12T10:00:00\n"
        "[[step]]\n"
        'channel = "mastodont"\n'
        'at = "morgen"\n'
        "\n"
        "[[step]]   # the second\n"
        'channel = "newsletter"\n'
        'account = "x"\n'
        'draft = "../../elders.md"\n'
        'when = "event - 1h"\n'
        "[[step]]\n"
        'channel = "mailout"\n'
        'list = "vrienden"\n'
        'at = "event - 1h"\n'
        'deadline = "at 2026-03-29 02:30"\n'
        "[[step]]\n"
        'at = ""\n',
    ) == [
        ("key-unknown", ":1"),
        ("field", ":3"),
        ("channel-unknown", ":6"),
        ("moment", ":7"),
        ("key-unknown", ":13"),
        ("key-misplaced", ":11"),
        ("draft-path", ":12"),
        ("field", ":9"),
        ("key-misplaced", ":16"),
        ("moment", ":18"),
        ("field", ":19"),
        ("moment", ":20"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (EVENT + '[[step]]\nchannel = "newsleter"\nat = "event"\n', "Did you mean 'newsletter'?"),
        (EVENT + '[[step]]\nchannel = "fax"\nat = "event"\n', "There are: newsletter, mailout"),
        (EVENT + '[[step]]\nchanel = "mailout"\nat = "event"\n', "Did you mean 'channel'?"),
        (EVENT, "There are no steps"),
        (EVENT + "step = 3\n", "There are no steps"),
        ('[[step]]\nchannel = "mailout"\nat = "event - 1h"\n', "There is no event"),
        ("event = 2026-02-12\n", "There is no event"),
        ('[event]\nname = "x"\n[[step]]\nchannel = "mailout"\nat = "event"\n', "at is missing"),
        ('[event]\nname = "x"\nat = 2026-02-30\n', "not valid TOML"),
        ('[event\nname = "x"\n', "not valid TOML"),
        ("\x00", "not valid TOML"),
        ("", "There is no event"),
    ],
)
def test_each_fault_says_what_to_do(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        plan_of(tmp_path, text)
    assert says in str(caught.value)


def test_broken_toml_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        plan_of(tmp_path, EVENT + "[[step]]\nchannel = newsletter\n")
    assert caught.value.where.endswith("campaign.toml:5")


@pytest.mark.parametrize("key", CHANNEL_KINDS)
def test_every_channel_of_the_table_can_be_a_step(tmp_path: Path, key: str) -> None:
    (step,) = plan_of(tmp_path, EVENT + f'[[step]]\nchannel = "{key}"\nat = "event - 1h"\n').steps
    assert step.kind.key == key
    assert step.kind.is_mail == (step.account == "")


_VALUES = st.sampled_from(
    ['"event - 1h"', '"newsletter"', "3", "[]", "{}", "2026-02-12", '""', "true", '"../x.md"']
)
_LINES = st.sampled_from(
    ["[event]", "[[step]]", "[step]", "[[event]]", "step = []", "rubbish", "# comment"]
) | st.builds(
    "{} = {}".format,
    st.sampled_from(["name", "at", "channel", "list", "draft", "deadline", "event", "step.x"]),
    _VALUES,
)


@settings(max_examples=300, deadline=None)
@given(lines=st.lists(_LINES, max_size=12))
def test_no_text_whatever_ends_in_anything_but_a_plan_or_a_clear_error(
    lines: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with suppress(InputError):
        assert plan_of(tmp_path_factory.mktemp("plan"), "\n".join(lines)).steps


def test_a_newsletter_may_go_to_a_part_of_its_list(tmp_path: Path) -> None:
    whole, part = plan_of(
        tmp_path,
        EVENT + '[[step]]\nchannel = "newsletter"\nat = "event - 17h"\n'
        '[[step]]\nchannel = "newsletter"\nat = "event - 17h"\nlanguage = "en"\n'
        'where = { provincie = "Utrecht", rol = "ouder" }\n',
    ).steps
    assert whole.segment.of(whole.list) == "nieuwsbrief"
    assert part.segment.of(part.list) == "nieuwsbrief (en, provincie: Utrecht, rol: ouder)"


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ('channel = "newsletter"\nlanguage = "Dutch"', "language"),
        ('channel = "newsletter"\nwhere = "Utrecht"', "where"),
        ('channel = "newsletter"\nwhere = { provincie = 3 }', "where"),
        ('channel = "mailout"\nlanguage = "en"', "key-misplaced"),
        ('channel = "mastodon"\nwhere = { provincie = "Utrecht" }', "key-misplaced"),
    ],
)
def test_a_part_of_a_list_that_means_nothing_is_named(
    tmp_path: Path, lines: str, code: str
) -> None:
    found = faults_of(tmp_path, f'{EVENT}[[step]]\nat = "event - 17h"\n{lines}\n')
    assert found == [(code, ":7")]


def test_the_alarm_may_name_its_moment_and_whom_it_mails(tmp_path: Path) -> None:
    path = tmp_path / "campaign.toml"
    path.write_text(
        '[event]\nname = "Gesprek"\nat = 2026-02-12T10:00:00\n'
        '[[step]]\nchannel = "mailout"\nat = "event - 22h"\n'
        '[alarm]\nat = "event - 3h"\nto = "wacht@voorbeeld.example"\n',
        "utf-8",
    )
    alarm = read_plan(path, zone=ZoneInfo("Europe/Amsterdam")).alarm
    assert alarm.at == datetime(2026, 2, 12, 6, tzinfo=UTC)
    assert alarm.to == "wacht@voorbeeld.example"


def test_an_alarm_to_an_address_that_is_none_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "campaign.toml"
    path.write_text(
        '[event]\nname = "Gesprek"\nat = 2026-02-12T10:00:00\n'
        '[[step]]\nchannel = "mailout"\nat = "event - 22h"\n'
        '[alarm]\nto = "wacht"\n',
        "utf-8",
    )
    with pytest.raises(Faults) as faults:
        read_plan(path, zone=ZoneInfo("Europe/Amsterdam"))
    assert [problem.where for problem in faults.value.problems] == [f"{path}:8"]


@pytest.mark.parametrize(
    ("rule", "first"),
    [
        ("", "mailout"),
        ('[recipients]\nprefer = "newsletter"\n', "newsletter"),
        ("[recipients]\nprefer = 2\n", "newsletter"),
        ('[recipients]\nprefer = "mailout"\n', "mailout"),
    ],
)
def test_whom_two_mails_would_reach_gets_the_first_unless_a_rule_says_otherwise(
    tmp_path: Path, rule: str, first: str
) -> None:
    path = tmp_path / "campaign.toml"
    path.write_text(
        '[event]\nname = "Gesprek"\nat = 2026-02-12T10:00:00\n'
        '[[step]]\nchannel = "mastodon"\nat = "event - 30h"\n'
        '[[step]]\nchannel = "newsletter"\nat = "event - 17h"\n'
        f'[[step]]\nchannel = "mailout"\nat = "event - 22h"\n{rule}',
        "utf-8",
    )
    plan = read_plan(path, zone=ZoneInfo("Europe/Amsterdam"))
    assert plan.mails_by_preference[0].channel == first


@pytest.mark.parametrize("prefer", ['"mastodon"', "1", "9", "true", '"brief"', "[2]"])
def test_a_rule_that_prefers_what_is_no_step_of_mail_is_told(tmp_path: Path, prefer: str) -> None:
    path = tmp_path / "campaign.toml"
    path.write_text(
        '[event]\nname = "Gesprek"\nat = 2026-02-12T10:00:00\n'
        '[[step]]\nchannel = "mastodon"\nat = "event - 30h"\n'
        '[[step]]\nchannel = "newsletter"\nat = "event - 17h"\n'
        f"[recipients]\nprefer = {prefer}\n",
        "utf-8",
    )
    with pytest.raises(Faults) as faults:
        read_plan(path, zone=ZoneInfo("Europe/Amsterdam"))
    assert [fault.code for fault in faults.value.problems] == ["prefer"]
