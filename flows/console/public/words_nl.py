"""The public pages and their mails in Dutch."""

from flows.audience.people import SubscriptionState, SuppressionReason
from flows.console.public.words import DataWords, Letter, Notice, Words

DUTCH = Words(
    code="nl",
    other_code="en",
    other_language="English",
    skip="Naar de inhoud",
    navigation="Pagina's",
    nav_signup="Aanmelden",
    nav_archive="Eerdere nieuwsbrieven",
    nav_preferences="Uw voorkeuren",
    nav_privacy="Privacy",
    website="Naar onze website",
    no_tracking="Deze pagina's plaatsen geen cookies en volgen u niet.",
    and_="en",
    signup_title="Ontvang onze nieuwsbrief",
    signup_title_many="Ontvang ons nieuws per e-mail",
    address="E-mailadres",
    name="Naam",
    name_hint="Dan kunnen we u met uw naam begroeten.",
    optional="niet verplicht",
    choose="Wat wilt u ontvangen?",
    trap="Laat dit veld leeg",
    consent=(
        "Ik wil deze mails van {organisation} ontvangen. Ik kan mij op elk moment weer afmelden."
    ),
    signup_button="Aanmelden",
    signup_next=(
        "U krijgt een mail met een link om uw aanmelding te bevestigen. "
        "Pas daarna staat u op de lijst."
    ),
    latest="Zo ziet hij eruit",
    faults="Er klopt nog iets niet",
    fault_missing="Vul uw e-mailadres in.",
    fault_wrong="Dit is geen volledig e-mailadres. Controleer of er een @ in staat en of het eind "
    "klopt.",
    fault_long="Dit is te lang voor een e-mailadres.",
    fault_name="Deze naam is te lang. Gebruik hoogstens 120 tekens.",
    fault_list="Kies minstens één lijst.",
    fault_hasty="Dat ging erg snel. Controleer uw gegevens en klik nog een keer.",
    fault_old="Deze pagina stond te lang open. Controleer uw gegevens en klik nog een keer.",
    fault_seal="Het formulier kwam niet goed aan. Controleer uw gegevens en klik nog een keer.",
    asked=Notice(
        title="Kijk in uw mailbox",
        says=(
            "Binnen enkele minuten komt er een mail aan op {address}. "
            "Daarin staat wat u nog moet doen.",
            "Geen mail gekregen? Kijk dan ook bij de ongewenste mail. Staat er een fout in het "
            "adres, vul het formulier dan opnieuw in.",
        ),
    ),
    confirm_title="Bevestig uw aanmelding",
    confirm_says="Met één klik meldt u zich aan voor:",
    confirm_button="Aanmelding bevestigen",
    confirm_not_you="Hebt u dit niet zelf aangevraagd? Sluit dan deze pagina. Er gebeurt niets.",
    confirmed=Notice(
        title="U bent aangemeld",
        says=(
            "Dank u wel. Vanaf nu ontvangt u: {lists}.",
            "Onder elke mail staat een link om u weer af te melden.",
        ),
    ),
    confirm_nothing=Notice(
        title="Er valt niets meer te bevestigen",
        says=(
            "Deze aanmelding is al bevestigd, of weer ingetrokken.",
            "Wilt u zien wat u ontvangt? Vraag dan een link naar uw eigen pagina.",
        ),
    ),
    leave_title="Afmelden voor ‘{list}’",
    leave_says="Druk op de knop, dan krijgt u deze mails niet meer. Inloggen is niet nodig.",
    leave_button="Afmelden",
    left=Notice(
        title="U bent afgemeld",
        says=("U krijgt geen mails van deze lijst meer: {list}.",),
    ),
    again="Was het een vergissing? Meld u opnieuw aan",
    see_data="Bekijken of wissen wat wij van u bewaren",
    ask_title="Uw voorkeuren",
    ask_says=(
        "Vul uw e-mailadres in. Als wij het kennen, sturen we er een persoonlijke link naartoe. "
        "Daarmee kunt u kiezen wat u ontvangt, u afmelden en uw gegevens bekijken of wissen."
    ),
    ask_button="Stuur mij de link",
    link_asked=Notice(
        title="Kijk in uw mailbox",
        says=(
            "Als wij {address} kennen, komt daar binnen enkele minuten een mail aan met een "
            "persoonlijke link. De link werkt 24 uur.",
            "Geen mail gekregen? Kijk dan ook bij de ongewenste mail. Misschien bent u aangemeld "
            "met een ander adres.",
        ),
    ),
    own_title="Uw voorkeuren",
    own_says="Dit zijn de voorkeuren voor {address}.",
    own_lists="Wat wilt u ontvangen?",
    own_language="In welke taal schrijven we u?",
    own_save="Voorkeuren bewaren",
    own_saved="Uw voorkeuren zijn bewaard.",
    own_leave_all="Helemaal afmelden",
    own_leave_all_says="Dan krijgt u geen enkele nieuwsbrief meer van ons.",
    own_leave_all_button="Afmelden voor alles",
    own_left_all="U bent afgemeld voor alles. U krijgt geen nieuwsbrieven meer van ons.",
    own_data="Uw gegevens",
    own_data_says="Bekijk alles wat wij van u bewaren.",
    own_data_link="Gegevens bekijken",
    own_forget_says="U kunt zich afmelden en tegelijk laten wissen wat wij van u bewaren.",
    own_forget_link="Alles over mij wissen",
    forget_title="Alles over u wissen?",
    forget_says=(
        "Dan wissen we uw adres, uw naam, uw voorkeuren en het bewijs van uw toestemming. U krijgt "
        "geen nieuwsbrieven meer. Dit is niet terug te draaien.",
        "Er blijft alleen een onleesbaar kenmerk over, zodat we u niet per ongeluk opnieuw mailen.",
    ),
    forget_button="Ja, wis alles",
    forget_back="Nee, terug naar mijn voorkeuren",
    forgotten=Notice(
        title="Uw gegevens zijn gewist",
        says=("Wij bewaren niets meer van u en u krijgt geen mails meer van ons.",),
    ),
    own_consent=(
        "Ik wil deze mails van {organisation} ontvangen. Ik kan mij op elk moment weer afmelden."
    ),
    data_title="Wat wij van u bewaren",
    data_says="Dit is alles wat wij van u bewaren.",
    data_download="Download als bestand (JSON)",
    data=DataWords(
        person="Wie u bent",
        since="Bij ons bekend sinds",
        language="Taal",
        none="(niets ingevuld)",
        state="Stand",
        states={
            SubscriptionState.PENDING: "aangevraagd, nog niet bevestigd",
            SubscriptionState.CONFIRMED: "aangemeld",
            SubscriptionState.ENDED: "afgemeld",
        },
        wording="U stemde in met",
        purpose="Waarvoor",
        where="Waar",
        asked="Aangevraagd op",
        confirmed="Bevestigd op",
        ended="Afgemeld op",
        mails="Mails aan u",
        barred="Wij mailen u niet",
        reasons={
            SuppressionReason.GONE: "uw mailbox bestond niet meer",
            SuppressionReason.FULL: "uw mailbox was een paar keer vol",
            SuppressionReason.COMPLAINT: "u hebt een mail als ongewenst gemeld",
            SuppressionReason.FORGOTTEN: "u hebt alles laten wissen",
            SuppressionReason.STAFF: "een medewerker heeft dat vastgelegd",
        },
        left="Lijsten waarvoor u zich hebt afgemeld",
        returned="Wat er op onze mails terugkwam",
    ),
    archive_title="Eerdere nieuwsbrieven",
    archive_empty="Er is nog geen nieuwsbrief verstuurd.",
    archive_feed="Volgen met een feedlezer:",
    as_text="Als platte tekst",
    feed_title="Nieuwsbrief van {organisation}",
    issue_languages={"nl": "", "en": "in het Engels"},
    privacy_title="Wat wij van u bewaren",
    privacy_lead=(
        "{legal_name} bewaart zo min mogelijk van u, en niet langer dan nodig. "
        "Hier staat wat, waarom en hoe lang."
    ),
    privacy_kept="Wat we bewaren, en hoe lang",
    privacy_what="Wat",
    privacy_how_long="Hoe lang",
    privacy_rows=(
        (
            "Uw e-mailadres, uw taal en, als u die invult, uw naam. Daarmee sturen we u wat u hebt "
            "aangevraagd.",
            "Zolang u op een lijst staat, en daarna nog {retention} dagen",
        ),
        (
            "Het bewijs van uw toestemming: de tekst die u zag, de pagina, en wanneer u zich "
            "aanmeldde en dat bevestigde. De wet vraagt dat van ons.",
            "Zolang u op een lijst staat, en daarna nog {retention} dagen",
        ),
        ("Een aanmelding die u niet bevestigt.", "{confirm} dagen"),
        (
            "Per mail: of wij hem hebben verstuurd en of hij terugkwam.",
            "{retention} dagen; daarna blijven alleen aantallen over",
        ),
        (
            "Na afmelden of wissen: een onleesbaar kenmerk van uw adres, zodat we u niet per "
            "ongeluk opnieuw mailen.",
            "Blijvend",
        ),
        (
            "Hoe vaak er vanaf een netwerk of voor een adres iets is aangevraagd, ook als "
            "onleesbaar kenmerk. Zo kan niemand een ander met mails bestoken.",
            "24 uur",
        ),
    ),
    privacy_not="Wat we niet doen",
    privacy_not_says=(
        "In onze mails staan geen volgpixels. Wij zien niet of u een mail opent of waarop u klikt.",
        "Deze pagina's gebruiken geen cookies en geen scripts en laden niets van andere bedrijven.",
        "Wij verkopen of verhuren uw gegevens niet en maken geen profiel van u.",
    ),
    privacy_rights="Uw rechten",
    privacy_rights_says=(
        "U kunt uw toestemming altijd intrekken, met de link onder elke mail. U kunt uw gegevens "
        "inzien, verbeteren, meenemen en laten wissen.",
        "Bent u het niet met ons eens, dan kunt u een klacht indienen bij de Autoriteit "
        "Persoonsgegevens.",
    ),
    privacy_contact="Vragen? Schrijf ons:",
    privacy_own_page="Vraag een link naar uw eigen pagina",
    home="Naar de aanmeldpagina",
    not_found=Notice(
        title="Deze pagina is er niet",
        says=("Misschien is het adres niet helemaal goed overgenomen.",),
    ),
    method=Notice(
        title="Zo werkt deze pagina niet",
        says=("Open de pagina opnieuw en gebruik het formulier dat daar staat.",),
    ),
    bad_request=Notice(
        title="Dit konden we niet lezen",
        says=("Ga terug naar het formulier en probeer het nog een keer.",),
    ),
    too_large=Notice(
        title="Dit is te veel",
        says=("Wat u instuurde is veel groter dan ons formulier. Er is niets mee gedaan.",),
    ),
    too_slow=Notice(
        title="Dit duurde te lang",
        says=("De verbinding was te traag. Probeer het straks nog een keer.",),
    ),
    not_a_form=Notice(
        title="Dit is geen formulier van ons",
        says=("Open de pagina opnieuw en gebruik het formulier dat daar staat.",),
    ),
    too_often=Notice(
        title="Dit waren er te veel",
        says=(
            "Vanaf uw netwerk kwamen in korte tijd erg veel aanvragen. Probeer het over een uur "
            "nog een keer.",
        ),
    ),
    busy=Notice(
        title="Dit lukt nu niet",
        says=("Wij kunnen op dit moment geen mail versturen. Probeer het straks nog een keer.",),
    ),
    broken=Notice(
        title="Er ging bij ons iets mis",
        says=("Dit ligt niet aan u. Probeer het straks nog een keer.",),
    ),
    bad_link=Notice(
        title="Deze link klopt niet",
        says=("Misschien is hij afgebroken. Kopieer de hele link uit de mail en probeer opnieuw.",),
    ),
    expired_confirm=Notice(
        title="Deze link is verlopen",
        says=("Een aanmelding bevestigen kan tot zeven dagen. Meld u gerust opnieuw aan.",),
    ),
    expired_own=Notice(
        title="Deze link is verlopen",
        says=("De link naar uw eigen pagina werkt 24 uur. U kunt meteen een nieuwe aanvragen.",),
    ),
    gone=Notice(
        title="Hier is niets meer",
        says=("Bij deze link bewaren wij geen gegevens meer.",),
    ),
    letter_confirm=Letter(
        subject="Bevestig uw aanmelding",
        preheader="Nog één klik, dan staat u op de lijst.",
        before=(
            "Met dit e-mailadres is bij {organisation} aangevraagd: {lists}.",
            "Klopt dat? Bevestig dan uw aanmelding.",
        ),
        button="Aanmelding bevestigen",
        after=(
            "De link werkt zeven dagen. Hebt u niets aangevraagd, dan hoeft u niets te doen: "
            "zonder bevestiging krijgt u geen nieuwsbrief en wissen we uw adres.",
        ),
        why="U krijgt deze ene mail omdat iemand uw adres invulde op onze aanmeldpagina.",
    ),
    letter_already=Letter(
        subject="U bent al aangemeld",
        preheader="U hoeft niets te doen.",
        before=(
            "Met dit e-mailadres is bij {organisation} aangevraagd: {lists}.",
            "Dat ontvangt u al. U hoeft dus niets te doen. Op uw eigen pagina ziet u wat u "
            "ontvangt en kunt u dat veranderen.",
        ),
        button="Voorkeuren bekijken",
        after=("De link is van u alleen en werkt 24 uur.",),
        why="U krijgt deze ene mail omdat iemand uw adres invulde op onze aanmeldpagina.",
    ),
    letter_own=Letter(
        subject="De link naar uw voorkeuren",
        preheader="Kies wat u ontvangt, of bekijk en wis uw gegevens.",
        before=(
            "Hier is de link naar uw eigen pagina bij {organisation}. U kunt er kiezen wat u "
            "ontvangt, u afmelden en uw gegevens bekijken of wissen.",
        ),
        button="Voorkeuren bekijken",
        after=(
            "De link is van u alleen en werkt 24 uur. Hebt u hem niet aangevraagd, dan hoeft u "
            "niets te doen.",
        ),
        why="U krijgt deze ene mail omdat iemand uw adres invulde op onze voorkeurenpagina.",
    ),
    letter_copy="Werkt de knop niet? Kopieer dan deze link:",
)
