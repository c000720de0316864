"""What a draft says around the item's own words, in Dutch and in English."""

from __future__ import annotations

from dataclasses import dataclass

from flows.compose.wording import is_dutch


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftWords:
    """The sentences of one language; they are Markdown."""

    documents: str
    attached: str
    related: str
    page: str
    pages: str
    regards: str
    read_and_share: str
    read_more: str
    dear_contact: str
    to_signatories: str
    to_others: str
    to_all: str
    question: str
    request: str
    before: str
    """`{when}` is the event's date."""
    below: str
    copy: str
    for_newsletter: str
    for_social: str
    questions: str
    share_subject: str
    """`{title}` is the item's."""
    share_preheader: str
    documents_box: str
    related_box: str
    moment_box: str
    copy_box: str
    fill_subject: str
    fill_preheader: str
    fill_body: str
    fill_link: str
    fill_attachment: str


_DUTCH = DraftWords(
    documents="Documenten",
    attached="Bijlagen",
    related="Lees ook",
    page="pagina",
    pages="pagina’s",
    regards="Met vriendelijke groet",
    read_and_share="Lees en deel dit bericht op onze website",
    read_more="Lees meer:",
    dear_contact="Beste {{ contact }},",
    to_signatories="""\
::: ondertekenaars
Hartelijk dank dat {{ organisation }} mede heeft ondertekend. Helpt u nu ook mee om dit bericht te \
verspreiden?
:::""",
    to_others="""\
::: anderen
Graag vragen wij de aandacht van {{ organisation }} voor dit bericht. Helpt u mee om het te \
verspreiden?
:::""",
    to_all="""\
Graag vragen wij de aandacht van {{ organisation }} voor dit bericht. Helpt u mee om het te \
verspreiden?""",
    question="Wat vragen wij u?",
    request="Wilt u dit bericht delen met uw achterban: in uw nieuwsbrief, op uw website of op "
    "sociale media?",
    before="Liefst vóór {when}.",
    below="Hieronder staat een tekst die u mag overnemen of aanpassen.",
    copy="Tekst om over te nemen",
    for_newsletter="Voor uw nieuwsbrief of website",
    for_social="Voor sociale media",
    questions="Hebt u vragen? Beantwoord dan deze mail.",
    share_subject="Deelt u dit met uw achterban? {title}",
    share_preheader="Met een tekst die u mag overnemen.",
    documents_box="documenten",
    related_box="lees-ook",
    moment_box="moment",
    copy_box="overnemen",
    fill_subject="[[vul in: onderwerp]]",
    fill_preheader="[[vul in: één zin die het onderwerp aanvult]]",
    fill_body="[[vul in: de tekst van het bericht]]",
    fill_link="[[vul in: webadres van het bericht]]",
    fill_attachment="[[vul in: bestandsnaam van een pdf in de map attachments]]",
)
_ENGLISH = DraftWords(
    documents="Documents",
    attached="Attachments",
    related="Read more",
    page="page",
    pages="pages",
    regards="Kind regards",
    read_and_share="Read and share this on our website",
    read_more="Read more:",
    dear_contact="Dear {{ contact }},",
    to_signatories="""\
::: signatories
Thank you for the signature of {{ organisation }}. Will you now help us to spread the word?
:::""",
    to_others="""\
::: others
We would like to bring the following to the attention of {{ organisation }}. Will you help us to \
spread the word?
:::""",
    to_all="""\
We would like to bring the following to the attention of {{ organisation }}. Will you help us to \
spread the word?""",
    question="What do we ask of you?",
    request="Will you share this with your supporters: in your newsletter, on your website or on "
    "social media?",
    before="Preferably before {when}.",
    below="Below is a text that you are welcome to copy or adapt.",
    copy="Text to copy",
    for_newsletter="For your newsletter or website",
    for_social="For social media",
    questions="Do you have any questions? Please reply to this email.",
    share_subject="Will you share this with your supporters? {title}",
    share_preheader="With a text that you are welcome to copy.",
    documents_box="documents",
    related_box="related",
    moment_box="moment",
    copy_box="copy",
    fill_subject="[[fill in: subject]]",
    fill_preheader="[[fill in: one sentence that goes on from the subject]]",
    fill_body="[[fill in: the text of the message]]",
    fill_link="[[fill in: web address of the item]]",
    fill_attachment="[[fill in: file name of a PDF in the folder attachments]]",
)


def draft_words(language: str) -> DraftWords:
    """Return the sentences for a BCP 47 tag: Dutch for Dutch, English for any other language."""
    return _DUTCH if is_dutch(language) else _ENGLISH
