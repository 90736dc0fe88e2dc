"""Words of spam: found in English and Hindi, and never in what honest people write."""

import pytest

from dakiya.campaigns.checks.anatomy import anatomy_of_html
from dakiya.campaigns.checks.spam import MAX_CHARS, spam_phrases, tells
from dakiya.templates.starters import KEYS, find_starter

SPAM = (
    "Congratulations! You have won a car in our draw. Claim your prize today.",
    "I am the next of kin of a late banker and ask for your trust.",
    "Your account has been suspended. Verify your account to go on.",
    "Earn extra cash from home, 100% guaranteed, and act now!",
    "Instant loans for everybody, no credit check.",
    "This is not spam. Click below for your free gift.",
    "बधाई हो! आपने 25 लाख रुपये की लॉटरी जीती है।",
    "घर बैठे लाखों कमाएँ, बिल्कुल मुफ़्त! अभी क्लिक करें।",
    "आपका बैंक खाता बंद हो जाएगा, केवाईसी अपडेट करें।",
    "बिना कागज़ात के लोन, आज ही।",
    "Confirm your bank details within 24 hours.",
    "Dear customer, please share your OTP with our agent.",
    "You have been selected to receive an iPhone.",
    "बधाई हो, आपको कार जीतने का मौका मिला है।",
    "कृपया अपना ओटीपी साझा करें।",
)
LETTERS = (
    "The children still talk of the miracle of the lamps, and Ravi was the winner of the quiz.",
    "We work from home this week; call when you are free.",
    "Our winter sale begins on Friday: 30% off coats, free delivery above ₹999, until Sunday.",
    "Your subscription ends on 30 November. You can renew it in your account. No money is taken.",
    "Our clinic has moved to 12 MG Road. Please bring your prescription and your card.",
    "The school's lottery raised ₹40,000 for the library. Congratulations to everybody!",
    "Minutes: the loan was repaid, the credit line stays, and nobody found a risk.",
    "You have won over many of our readers with your last article. May we print the next one?",
    "प्रिय आशा, दीपावली की हार्दिक शुभकामनाएँ। आपके परिवार में सुख और समृद्धि बनी रहे।",
    "हमारी नई किताबें आ गई हैं। 20% की छूट रविवार तक, और ₹999 से ऊपर डिलीवरी मुफ़्त है।",
    "आपकी बुकिंग हो गई है। कृपया टिकट साथ लाएँ, और समय से पहले पहुँचें।",
    "हमारी टीम ने प्रतियोगिता जीती! सभी साथियों को बधाई।",
    "Welcome to Banyan. Please verify your account with the link below.",
    "Never share your OTP with anyone. We do not ask for it, so don’t share the OTP on a call.",
    "You can book a time once you have been selected for interview.",
    "अपना ओटीपी साझा न करें, किसी को भी नहीं।",
    "गली में एक कार लगी है, कृपया उसे हटा लें।",
)


@pytest.mark.parametrize("text", SPAM)
def test_spam_is_told_with_its_reasons(text: str) -> None:
    found = spam_phrases(text)
    assert tells(found)
    assert all(phrase.why for phrase in found)


@pytest.mark.parametrize("text", LETTERS)
def test_honest_letter_is_left_alone(text: str) -> None:
    assert not tells(spam_phrases(text))


@pytest.mark.parametrize("key", KEYS)
def test_starter_has_not_one_phrase(key: str) -> None:
    starter = find_starter(key, "https://a.in/{}".format)
    assert starter is not None
    said = starter.content
    assert spam_phrases(f"{said.subject} {said.preheader} {anatomy_of_html(said.html).words}") == []


@pytest.mark.parametrize("free", ["मुफ्त", "मुफ\u093c्त"])
def test_dots_of_hindi_make_no_difference(free: str) -> None:
    assert [phrase.why for phrase in spam_phrases(f"{free} उपहार")] == ["promises too much"]


def test_very_long_mail_is_read_at_its_beginning() -> None:
    assert spam_phrases("x " * MAX_CHARS + "free gift") == []
