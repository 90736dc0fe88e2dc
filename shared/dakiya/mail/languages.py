"""The languages of mails: the words of ours that stand in them, and which way they run.

The pages have their own language (dakiya_web.texts); a mail has that of its readers. To add one:
a line here, its words by somebody who speaks it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

DEFAULT_LANGUAGE: Final = "en"


@dataclass(frozen=True, slots=True)
class MailLanguage:
    """A language by its code of BCP 47; ``question`` is asked before ``unsubscribe``."""

    code: str
    name: str
    question: str
    unsubscribe: str
    test: str
    is_rtl: bool = False

    @property
    def direction(self) -> str:
        """Which way it is written, as HTML says it."""
        return "rtl" if self.is_rtl else "ltr"


# In the order in which they are offered: English, the languages of India, the others by name.
_ALL: Final = (
    MailLanguage("en", "English", "You do not want these mails any more?", "Unsubscribe", "Test"),
    MailLanguage("hi", "हिन्दी", "ये ईमेल अब नहीं चाहिए?", "सदस्यता समाप्त करें", "परीक्षण"),
    MailLanguage("bn", "বাংলা", "এই ইমেইলগুলো আর চান না?", "আনসাবস্ক্রাইব করুন", "পরীক্ষা"),
    MailLanguage("gu", "ગુજરાતી", "આ ઇમેઇલ હવે નથી જોઈતા?", "અનસબ્સ્ક્રાઇબ કરો", "પરીક્ષણ"),
    MailLanguage("mr", "मराठी", "हे ईमेल आता नको आहेत?", "सदस्यत्व रद्द करा", "चाचणी"),
    MailLanguage("ta", "தமிழ்", "இந்த மின்னஞ்சல்கள் இனி வேண்டாமா?", "குழுவிலகவும்", "சோதனை"),
    MailLanguage(
        "ur",
        "اردو",
        "آپ یہ ای میلز مزید نہیں چاہتے؟",
        "ان سبسکرائب کریں",
        "آزمائش",
        is_rtl=True,
    ),
    MailLanguage(
        "ar",
        "العربية",
        "لا تريد تلقي هذه الرسائل بعد الآن؟",
        "إلغاء الاشتراك",
        "اختبار",
        is_rtl=True,
    ),
    MailLanguage(
        "de", "Deutsch", "Sie möchten diese E-Mails nicht mehr erhalten?", "Abmelden", "Test"
    ),
    MailLanguage(
        "es", "Español", "¿Ya no quiere recibir estos correos?", "Darse de baja", "Prueba"
    ),
    MailLanguage(
        "fr",
        "Français",
        "Vous ne souhaitez plus recevoir ces e-mails\u202f?",
        "Se désabonner",
        "Test",
    ),
    MailLanguage(
        "he",
        "עברית",
        "לא רוצים לקבל יותר את ההודעות האלה?",
        "הסרה מרשימת התפוצה",
        "בדיקה",
        is_rtl=True,
    ),
    MailLanguage(
        "it",
        "Italiano",
        "Non vuoi più ricevere queste e-mail?",
        "Annulla l’iscrizione",
        "Prova",
    ),
    MailLanguage(
        "pt", "Português", "Não quer mais receber estes e-mails?", "Cancelar inscrição", "Teste"
    ),
)
LANGUAGES: Final[Mapping[str, MailLanguage]] = {language.code: language for language in _ALL}


def mail_language(code: str) -> MailLanguage:
    """Return a language by its code; English for one that is not known (any more)."""
    return LANGUAGES.get(code, LANGUAGES[DEFAULT_LANGUAGE])
