"""What the bytes of a page say, whatever the page says of them."""

from __future__ import annotations

import pytest

from flows.news.decode import decode_page

DUTCH = "Eén café – ‘nu’ voor 5 €"


def page(text: str, *, charset: str = "", lang: str = "") -> str:
    meta = f'<meta charset="{charset}">' if charset else ""
    return f'<html lang="{lang}"><head>{meta}</head><body><p>{text}</p></body></html>'


@pytest.mark.parametrize(
    ("label", "encoding", "text"),
    [
        ("gb2312", "gb18030", "宇航员在太空中喝酒会怎么样？後果很嚴重。"),
        ("shift_jis", "cp932", "公衆無線LANを①安全に使うためのアプリ"),
        ("euc-kr", "cp949", "서울에서 아침 기온이 뚝 떨어졌다 똠"),
        ("iso-8859-9", "cp1254", "“İstanbul’da” şimdi güneş"),
        ("windows-1251", "cp1251", "Ветеран сборной принял решение"),
        ("big5", "big5hkscs", "這是一個測試，結果很好。"),
    ],
)
@pytest.mark.parametrize("where", ["server", "page"])
def test_a_declared_encoding_is_read_as_browsers_read_it(
    label: str, encoding: str, text: str, where: str
) -> None:
    html = page(text, charset=label if where == "page" else "")

    found, _ = decode_page(html.encode(encoding), encoding=label if where == "server" else None)

    assert text in found


@pytest.mark.parametrize(
    ("lang", "encoding", "text"),
    [
        ("nl", "cp1252", DUTCH),
        ("", "cp1252", DUTCH),
        ("pl", "cp1250", "Zażółć gęślą jaźń, powiedział żołnierz"),
        ("tr-TR", "cp1254", "İstanbul’da şimdi güneş"),
        ("", "cp1251", "Ветеран сборной Германии принял решение прекратить выступления"),
        ("ja", "cp932", "公衆無線を安全に使うためのアプリケーションを発表しました。" * 3),
    ],
)
@pytest.mark.parametrize("charset", ["", "utf-8"])
def test_an_encoding_that_is_not_or_wrongly_declared_is_told_by_the_text(
    lang: str, encoding: str, text: str, charset: str
) -> None:
    html = page(text, lang=lang, charset=charset)

    assert decode_page(html.encode(encoding)) == (html, encoding)


def test_a_few_bytes_of_another_encoding_do_not_spoil_a_page() -> None:
    text = "公衆無線を安全に使うためのアプリ" * 3
    raw = page(text, charset="shift_jis").encode("cp932") + b"\xff"

    assert text in decode_page(raw)[0]


@pytest.mark.parametrize("label", ["gb2312", "shift_jis", "iso-8859-1", "windows-1252"])
def test_a_page_in_utf8_that_says_otherwise_is_read(label: str) -> None:
    html = page("“Zażółć” 公衆無線を安全に使う", charset=label)

    assert decode_page(html.encode()) == (html, "utf-8")
