"""Words that mails of fraud and of doubtful offers are made of, each with the reason to avoid it.

A small choice of what content filters look for, in English and Hindi: the families of
SpamAssassin's phrases (20_phrases: promises, haste, excuses), 20_drugs, 20_advance_fee, and what
Indian readers get most (prizes, loans, income at home, accounts to be blocked). Single words that
honest mails have as well (free, offer, winner, guarantee) are in none of them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# What a filter looks at; Gmail cuts such a mail anyway, and this much takes a quarter of a second.
MAX_CHARS: Final = 100_000
# So many phrases of any family are no chance, unless one of them is grave.
SEVERAL: Final = 3

# The spellings of Hindi differ in dots: मुफ़्त and मुफ्त, कमाएँ and कमाएं.
_NUKTA: Final = "\u093c"
_DOTS: Final = str.maketrans(
    {_NUKTA: None, "\u0901": "\u0902"}
    | dict(zip("\u0958\u0959\u095a\u095b\u095c\u095d\u095e\u095f", "कखगजडढफय", strict=True))
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that were found, in lower case and with single blanks, and what they do."""

    words: str
    why: str
    is_grave: bool


@dataclass(frozen=True, slots=True)
class _Family:
    """``is_grave``: one is enough, since no honest mail says it."""

    why: str
    english: str
    hindi: str
    is_grave: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        """Whole words of English; of Hindi their beginnings (its vowel signs are no \\w)."""
        return re.compile(
            rf"(?<!\w)(?:{self.english})(?!\w)|(?<![\u0900-\u097f])(?:{self.hindi})", re.IGNORECASE
        )


_FAMILIES: Final = (
    _Family(
        "promises money",
        r"(?:earn|make) (?:extra |fast |easy |quick )?(?:cash|money) "
        r"(?:fast|online|from home|at home)|"
        r"earn (?:extra|fast|easy) (?:cash|money|income)|fast cash|cash bonus|get rich|"
        r"be your own boss|"
        r"double your (?:money|income|investment)|(?:extra |second )?income from home|"
        r"work from home and earn|financial freedom|million dollars|passive income",
        r"घर बैठे (?:\S+ )?कमा|(?:लाखों|हजारों) (?:रुपये |रुपए )?कमा|पैसे? (?:डबल|दोगुन|दुगुन)|"
        r"पैसे कमाने का",
    ),
    _Family(
        "presses to hurry",
        r"act (?:now|fast|immediately)|urgent (?:action|response|reply)|"
        r"while (?:supplies|stocks?) lasts?|"
        r"once in a lifetime|do ?n[o’']t (?:delete|ignore) this|this won[’']t last|final notice|"
        r"call now|order now|apply now|click (?:here|below) now|buy now",
        r"अभी क्लिक कर|तुरंत (?:क्लिक|कार्रवाई|संपर्क) कर|मौका हाथ से|जल्दी करें|आखिरी मौका",
    ),
    _Family(
        "promises too much",
        r"100 ?% (?:free|guaranteed|safe|satisfied)|risk[- ]free|"
        r"no (?:obligation|risk|catch|strings attached)|"
        r"free (?:gift|money|access|grant)|money[- ]back guarantee|satisfaction guaranteed|"
        r"lowest price ever|best price ever|guaranteed (?:income|returns?|results?|approval)|"
        r"miracle (?:cure|product|diet)|too good to be true|absolutely free",
        r"(?:100 ?%|सौ प्रतिशत|शत प्रतिशत|बिल्कुल|एकदम) (?:मुफ्त|फ्री|गारंटी)|"
        r"मुफ्त (?:उपहार|गिफ्ट|पैसे|रिचार्ज)|"
        r"गारंटीड (?:रिटर्न|मुनाफा|कमाई)|चमत्कारी",
    ),
    _Family(
        "says that it is no spam, as only spam does",
        r"this is not (?:a )?spam|this (?:e-?mail|message) is not (?:a )?spam|"
        r"click here to be (?:permanently )?(?:removed|deleted)|"
        r"sent in (?:full )?compliance with|bulk e-?mail",
        r"यह (?:मेल |ईमेल )?स्पैम नहीं",
    ),
    _Family(
        "asks to click, without saying for what",
        r"click below|click here now|open (?:this|the) attachment|click to claim",
        r"नीचे क्लिक कर|यहां क्लिक कर",
    ),
    _Family(
        "tells of a prize that nobody expects",
        r"you(?: have|[’']ve)? (?:just )?(?:won(?! over)|been selected "
        r"(?:to (?:receive|win|claim)|(?:as|for) (?:\w+ ){1,2}(?:winner|prize|reward)))|"
        r"claim your (?:prize|reward|winnings)|"
        r"(?:lucky|guaranteed) winner|congratulations,?!? you(?:[’']ve| have)? won|"
        r"lottery (?:prize|winner)|"
        r"winning (?:notification|number)",
        r"आपने (?:\S+ ){0,4}(?:जीता|जीती|जीते|जीत ली)|(?:इनाम|पुरस्कार|लॉटरी) (?:जीत|लग)|कार जीत|"
        r"लकी (?:ड्रा|विजेता|विनर)|केबीसी लॉटरी",
        is_grave=True,
    ),
    _Family(
        "sounds like fraud with an inheritance or a transfer",
        r"next of kin|unclaimed (?:funds?|inheritance|money)|transfer of (?:the )?funds? into your|"
        r"strictly confidential (?:business|transaction)|western union|"
        r"(?:send|deposit) bitcoins?|wire transfer fee",
        r"विरासत में मिल|गुप्त धन",
        is_grave=True,
    ),
    _Family(
        "sounds like phishing",
        r"(?:verify|confirm|validate) your (?:password|bank|billing)(?: details| information)?|"
        r"your account (?:has been|will be|is) (?:suspended|blocked|limited|locked|deactivated)|"
        r"update your (?:kyc|bank details|payment details)|"
        # Banks say that nobody is to do so.
        r"(?<!never )(?<!not )(?<!n[’']t )share (?:the|your) otp",
        r"आपका (?:\S+ )?(?:खाता|अकाउंट|सिम) (?:\S+ )?(?:बंद|ब्लॉक|निलंबित)|"
        r"(?:केवाईसी|kyc) (?:अपडेट|पूरा) कर|"
        r"ओटीपी (?:बता|भेज|साझा)(?!\S* (?:न|ना|नहीं|मत)(?![\u0900-\u097f]))",
        is_grave=True,
    ),
    _Family(
        "is what phishing asks for",
        r"(?:verify|confirm|validate) your (?:account|identity)(?: details| information)?",
        r"अपना (?:खाता|अकाउंट) सत्यापित कर",
    ),
    _Family(
        "sells medicines, slimness, bets or loans as spam does",
        r"viagra|cialis|no prescription|online (?:pharmacy|casino)|cheap (?:meds|pills)|"
        r"lose (?:weight|\d+ (?:kg|pounds)) (?:fast|in)|weight loss pills?|sure bets?|"
        r"(?:instant|pre-?approved) (?:personal )?loans?|bad credit|no credit check|"
        r"eliminate (?:your )?debt",
        r"(?:तुरंत|बिना कागज\S* ?(?:के )?) ?लोन|वजन (?:घटा|कम कर)\S* (?:\S+ )?(?:दिन|हफ्ते|महीने)|"
        r"मर्दाना|ऑनलाइन (?:कैसीनो|सट्टा)|सट्टा (?:किंग|मटका)|वशीकरण",
        is_grave=True,
    ),
)
_PATTERNS: Final = tuple((family, family.pattern) for family in _FAMILIES)


def spam_phrases(text: str) -> Sequence[Phrase]:
    """Return the phrases in a text (its first MAX_CHARS), each once, by families."""
    text = text[:MAX_CHARS]
    plain = text.translate(_DOTS)
    # Where each letter stood, so that the words are found again in the mail.
    places = [at for at, letter in enumerate(text) if letter != _NUKTA] + [len(text)]
    found: dict[str, Phrase] = {}
    for family, pattern in _PATTERNS:
        for match in pattern.finditer(plain):
            words = _in_line(text[places[match.start()] : places[match.end()]])
            phrase = Phrase(words, family.why, family.is_grave)
            found.setdefault(_in_line(match.group()), phrase)
    return list(found.values())


def _in_line(words: str) -> str:
    return " ".join(words.lower().split())


def tells(phrases: Sequence[Phrase]) -> bool:
    """Whether they are enough to speak of: several, or one that no honest mail has."""
    return len(phrases) >= SEVERAL or any(phrase.is_grave for phrase in phrases)
