"""The demo inbox's pages, as HTML text."""

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from html import escape
from urllib.parse import urlencode

from dakiya_dev.inbox.store import Page, StoredMail, readable

PAGE_SIZE = 50
REFRESH_S = 5
SHOWN_HEADERS = (
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "List-ID",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
)


def parse(raw: bytes) -> EmailMessage:
    """Parse a mail with the standard library's modern policy."""
    return BytesParser(policy=policy.default).parsebytes(raw)


def body_text(message: EmailMessage, kind: str) -> str | None:
    """The ``plain`` or ``html`` body, or None; a broken encoding gives replacement signs."""
    try:
        part = message.get_body(preferencelist=(kind,))
        return None if part is None else str(part.get_content(errors="replace"))
    except (LookupError, ValueError, AttributeError):
        return None


def list_page(page: Page, *, search: str, offset: int) -> str:
    """The newest mails, a search field, and a button that empties the inbox."""
    rows = "".join(map(_row, page.mails)) or (
        '<tr><td colspan="4" class="empty">'
        + ("Nothing matches." if search else "No mail yet. What Dakiya sends appears here.")
        + "</td></tr>"
    )
    count = f"{page.total:,} mail{'' if page.total == 1 else 's'}"
    return _frame(
        f"Demo inbox: {count}",
        f"""
<header>
  <h1><a href="/">Demo inbox</a></h1>
  <p>{count}</p>
  <form action="/" method="get" role="search">
    <label for="q" class="hidden">Search</label>
    <input id="q" name="q" type="search" value="{escape(search)}"
      placeholder="Address, subject, Message-ID">
    <button>Search</button>
  </form>
  <form action="/empty" method="post"><button class="quiet">Empty</button></form>
</header>
<table>
  <thead><tr><th>To</th><th>Subject</th><th>From</th><th>Received</th></tr></thead>
  <tbody>{rows}</tbody>
</table>
<nav>{_pager(page, search=search, offset=offset)}</nav>""",
        refresh=not search and offset == 0,
    )


def mail_page(mail: StoredMail, raw: bytes) -> str:
    """One mail: envelope, headers, HTML in a sandbox, text, attachments."""
    message = parse(raw)
    headers = [
        ("Envelope", f"{mail.mail_from or '<>'} → {mail.rcpt_to}"),
        *(
            (name, readable(value))
            for name in SHOWN_HEADERS
            for value in _header_values(message, name)
        ),
    ]
    lines = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in headers)
    text = body_text(message, "plain")
    html = body_text(message, "html")
    return _frame(
        mail.subject or "(no subject)",
        f"""
<header>
  <h1><a href="/">Demo inbox</a></h1>
  <p><a href="/messages/{mail.id}/raw">Source</a>, {mail.size_bytes:,} bytes</p>
</header>
<h2>{escape(mail.subject) or "(no subject)"}</h2>
<dl>{lines}</dl>
{_html_frame(mail) if html is not None else ""}
{f"<h3>Text</h3><pre>{escape(text)}</pre>" if text is not None else ""}
{_attachments(message)}""",
    )


def _html_frame(mail: StoredMail) -> str:
    return (
        f'<h3>HTML</h3><iframe src="/messages/{mail.id}/html" title="The mail as HTML"'
        ' sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer">'
        "</iframe>"
    )


def _header_values(message: EmailMessage, name: str) -> list[object]:
    try:
        return list(message.get_all(name, []))
    except (LookupError, ValueError, AttributeError):
        return ["(cannot be read; see the source)"]


def _attachments(message: EmailMessage) -> str:
    names = [
        f"<li>{escape(part.get_filename() or 'without a name')}"
        f" ({escape(part.get_content_type())})</li>"
        for part in message.walk()
        if part.get_content_disposition() == "attachment"
    ]
    return f"<h3>Attachments</h3><ul>{''.join(names)}</ul>" if names else ""


def _row(mail: StoredMail) -> str:
    link = f'<a href="/messages/{mail.id}">{escape(mail.subject) or "(no subject)"}</a>'
    at = mail.received_at
    return (
        f"<tr><td>{escape(mail.rcpt_to)}</td><td>{link}</td><td>{escape(mail.sender)}</td>"
        f'<td><time datetime="{at.isoformat()}">{at.astimezone():%d %b %H:%M:%S}</time></td></tr>'
    )


def _pager(page: Page, *, search: str, offset: int) -> str:
    def link(to: int, words: str) -> str:
        query = {"q": search} if search else {}
        return f'<a href="/?{escape(urlencode({**query, "offset": to}))}">{words}</a>'

    newer = link(max(0, offset - PAGE_SIZE), "Newer") if offset else ""
    older = link(offset + PAGE_SIZE, "Older") if offset + PAGE_SIZE < page.total else ""
    return f"{newer} {older}"


def _frame(title: str, body: str, *, refresh: bool = False) -> str:
    meta = f'<meta http-equiv="refresh" content="{REFRESH_S}">' if refresh else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
{meta}
<title>{escape(title)}</title>
<link rel="stylesheet" href="/style.css">
</head>
<body><main>{body}</main></body>
</html>
"""
