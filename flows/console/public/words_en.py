"""The public pages and their mails in English."""

from flows.audience.people import SubscriptionState, SuppressionReason
from flows.console.public.words import DataWords, Letter, Notice, Words

ENGLISH = Words(
    code="en",
    other_code="nl",
    other_language="Nederlands",
    skip="Skip to content",
    navigation="Pages",
    nav_signup="Subscribe",
    nav_archive="Past newsletters",
    nav_preferences="Your preferences",
    nav_privacy="Privacy",
    website="To our website",
    no_tracking="These pages set no cookies and do not track you.",
    and_="and",
    signup_title="Get our newsletter",
    signup_title_many="Get our news by email",
    address="Email address",
    name="Name",
    name_hint="So that we can greet you by name.",
    optional="optional",
    choose="What would you like to receive?",
    trap="Leave this field empty",
    consent="I want to receive these emails from {organisation}. I can unsubscribe at any time.",
    signup_button="Subscribe",
    signup_next=(
        "You will get an email with a link to confirm. Only then will you be on the list."
    ),
    latest="This is what it looks like",
    faults="Something is not right yet",
    fault_missing="Enter your email address.",
    fault_wrong="This is not a complete email address. Check that it has an @ and that the end is "
    "right.",
    fault_long="This is too long for an email address.",
    fault_name="This name is too long. Use 120 characters at most.",
    fault_list="Choose at least one list.",
    fault_hasty="That was very fast. Check what you entered and press the button again.",
    fault_old="This page was open for too long. Check what you entered and press the button again.",
    fault_seal="The form did not arrive well. Check what you entered and press the button again.",
    asked=Notice(
        title="Check your mailbox",
        says=(
            "Within a few minutes an email will arrive at {address}. It says what to do next.",
            "No email? Look among your unwanted mail too. If there is a mistake in the address, "
            "please fill in the form again.",
        ),
    ),
    confirm_title="Confirm your subscription",
    confirm_says="With one click you subscribe to:",
    confirm_button="Confirm subscription",
    confirm_not_you="Did you not ask for this? Then close this page. Nothing will happen.",
    confirmed=Notice(
        title="You are subscribed",
        says=(
            "Thank you. From now on you will receive: {lists}.",
            "Every email has a link to unsubscribe.",
        ),
    ),
    confirm_nothing=Notice(
        title="There is nothing left to confirm",
        says=(
            "This subscription has been confirmed already, or taken back.",
            "Would you like to see what you receive? Ask for a link to your own page.",
        ),
    ),
    leave_title="Unsubscribe from ‘{list}’",
    leave_says="Press the button and you will not get these emails any more. No need to log in.",
    leave_button="Unsubscribe",
    left=Notice(
        title="You are unsubscribed",
        says=("You will get no more emails from this list: {list}.",),
    ),
    again="Was it a mistake? Subscribe again",
    see_data="See or erase what we keep about you",
    ask_title="Your preferences",
    ask_says=(
        "Enter your email address. If we know it, we will send a personal link to it. With that "
        "link you can choose what you receive, unsubscribe, and see or erase your data."
    ),
    ask_button="Send me the link",
    link_asked=Notice(
        title="Check your mailbox",
        says=(
            "If we know {address}, an email with a personal link will arrive there within a few "
            "minutes. The link works for 24 hours.",
            "No email? Look among your unwanted mail too. Perhaps you subscribed with another "
            "address.",
        ),
    ),
    own_title="Your preferences",
    own_says="These are the preferences for {address}.",
    own_lists="What would you like to receive?",
    own_language="In which language shall we write to you?",
    own_save="Save preferences",
    own_saved="Your preferences have been saved.",
    own_leave_all="Leave everything",
    own_leave_all_says="You will get no newsletter from us any more.",
    own_leave_all_button="Unsubscribe from everything",
    own_left_all="You are unsubscribed from everything. You will get no more newsletters from us.",
    own_data="Your data",
    own_data_says="See everything we keep about you.",
    own_data_link="See my data",
    own_forget_says="You can leave and have everything we keep about you erased.",
    own_forget_link="Erase everything about me",
    forget_title="Erase everything about you?",
    forget_says=(
        "We will erase your address, your name, your preferences and the proof of your consent. "
        "You will get no more newsletters. This cannot be undone.",
        "Only an unreadable mark stays, so that we do not email you again by accident.",
    ),
    forget_button="Yes, erase everything",
    forget_back="No, back to my preferences",
    forgotten=Notice(
        title="Your data has been erased",
        says=("We keep nothing about you any more, and you will get no more emails from us.",),
    ),
    own_consent=(
        "I want to receive these emails from {organisation}. I can unsubscribe at any time."
    ),
    data_title="What we keep about you",
    data_says="This is everything we keep about you.",
    data_download="Download as a file (JSON)",
    data=DataWords(
        person="Who you are",
        since="Known to us since",
        language="Language",
        none="(not filled in)",
        state="Status",
        states={
            SubscriptionState.PENDING: "asked for, not confirmed yet",
            SubscriptionState.CONFIRMED: "subscribed",
            SubscriptionState.ENDED: "unsubscribed",
        },
        wording="You agreed to",
        purpose="What for",
        where="Where",
        asked="Asked for on",
        confirmed="Confirmed on",
        ended="Unsubscribed on",
        mails="Emails to you",
        barred="We do not email you",
        reasons={
            SuppressionReason.GONE: "your mailbox did not exist any more",
            SuppressionReason.FULL: "your mailbox was full several times",
            SuppressionReason.COMPLAINT: "you reported an email as unwanted",
            SuppressionReason.FORGOTTEN: "you had everything erased",
            SuppressionReason.STAFF: "a member of staff noted it",
        },
        left="Lists that you left",
        returned="What came back to our emails",
    ),
    archive_title="Past newsletters",
    archive_empty="No newsletter has been sent yet.",
    archive_feed="Follow with a feed reader:",
    as_text="As plain text",
    feed_title="Newsletter of {organisation}",
    issue_languages={"nl": "in Dutch", "en": ""},
    privacy_title="What we keep about you",
    privacy_lead=(
        "{legal_name} keeps as little about you as it can, and no longer than it needs to. "
        "Here is what, why and for how long."
    ),
    privacy_kept="What we keep, and for how long",
    privacy_what="What",
    privacy_how_long="How long",
    privacy_rows=(
        (
            "Your email address, your language and, if you give it, your name. We use them to send "
            "you what you asked for.",
            "As long as you are on a list, and {retention} days after that",
        ),
        (
            "The proof of your consent: the words you saw, the page, and when you subscribed and "
            "confirmed. The law asks this of us.",
            "As long as you are on a list, and {retention} days after that",
        ),
        ("A subscription that you do not confirm.", "{confirm} days"),
        (
            "For each email: whether we sent it and whether it came back.",
            "{retention} days; after that only totals remain",
        ),
        (
            "After you leave or are erased: an unreadable mark of your address, so that we do not "
            "email you again by accident.",
            "For good",
        ),
        (
            "How often something was asked for from a network or for an address, again as an "
            "unreadable mark. It keeps people from flooding others with mail.",
            "24 hours",
        ),
    ),
    privacy_not="What we do not do",
    privacy_not_says=(
        "Our emails hold no tracking pixels. We do not see whether you open an email or what you "
        "click.",
        "These pages use no cookies and no scripts, and load nothing from other companies.",
        "We do not sell or rent out your data and make no profile of you.",
    ),
    privacy_rights="Your rights",
    privacy_rights_says=(
        "You can withdraw your consent at any time with the link in every email. You can see, "
        "correct, take along and erase your data.",
        "If you disagree with us, you can complain to the Dutch data protection authority "
        "(Autoriteit Persoonsgegevens).",
    ),
    privacy_contact="Questions? Write to us:",
    privacy_own_page="Ask for a link to your own page",
    home="To the subscription page",
    not_found=Notice(
        title="This page does not exist",
        says=("Perhaps the address was not copied completely.",),
    ),
    method=Notice(
        title="This page does not work like that",
        says=("Open the page again and use the form on it.",),
    ),
    bad_request=Notice(
        title="We could not read this",
        says=("Go back to the form and try again.",),
    ),
    too_large=Notice(
        title="This is too much",
        says=("What you sent is far larger than our form. Nothing was done with it.",),
    ),
    too_slow=Notice(
        title="This took too long",
        says=("The connection was too slow. Please try again later.",),
    ),
    not_a_form=Notice(
        title="This is not a form of ours",
        says=("Open the page again and use the form on it.",),
    ),
    too_often=Notice(
        title="That was too often",
        says=("Very many requests came from your network in a short time. Try again in an hour.",),
    ),
    busy=Notice(
        title="This is not possible now",
        says=("We cannot send email at the moment. Please try again later.",),
    ),
    broken=Notice(
        title="Something went wrong on our side",
        says=("It is not your fault. Please try again later.",),
    ),
    bad_link=Notice(
        title="This link is not right",
        says=("Perhaps it was cut off. Copy the whole link from the email and try again.",),
    ),
    expired_confirm=Notice(
        title="This link has expired",
        says=("A subscription can be confirmed for seven days. Please subscribe again.",),
    ),
    expired_own=Notice(
        title="This link has expired",
        says=("The link to your own page works for 24 hours. You can ask for a new one at once.",),
    ),
    gone=Notice(
        title="There is nothing here any more",
        says=("We keep no data for this link any more.",),
    ),
    letter_confirm=Letter(
        subject="Confirm your subscription",
        preheader="One more click and you are on the list.",
        before=(
            "With this email address, somebody asked {organisation} for: {lists}.",
            "Was it you? Then please confirm.",
        ),
        button="Confirm subscription",
        after=(
            "The link works for seven days. If you did not ask for anything, you need not do "
            "anything: without confirmation you get no newsletter and we erase your address.",
        ),
        why="You get this one email because somebody entered your address on our sign-up page.",
    ),
    letter_already=Letter(
        subject="You are already subscribed",
        preheader="You need not do anything.",
        before=(
            "With this email address, somebody asked {organisation} for: {lists}.",
            "You receive that already, so you need not do anything. Your own page shows what you "
            "receive, and lets you change it.",
        ),
        button="See preferences",
        after=("The link is yours alone and works for 24 hours.",),
        why="You get this one email because somebody entered your address on our sign-up page.",
    ),
    letter_own=Letter(
        subject="The link to your preferences",
        preheader="Choose what you receive, or see and erase your data.",
        before=(
            "Here is the link to your own page at {organisation}. You can choose what you receive, "
            "unsubscribe, and see or erase your data.",
        ),
        button="See preferences",
        after=(
            "The link is yours alone and works for 24 hours. If you did not ask for it, you need "
            "not do anything.",
        ),
        why="You get this one email because somebody entered your address on our preferences page.",
    ),
    letter_copy="Does the button not work? Copy this link:",
)
