"""Pictures that say nothing to those who do not see them, or are too heavy for a phone."""

from collections.abc import Callable, Collection, Mapping
from urllib.parse import urlsplit

from dakiya.campaigns.checks.anatomy import Anatomy, Picture
from dakiya.campaigns.checks.finding import Finding, some, warn

HEAVY_BYTES = 500_000
HEAVY_TOGETHER_BYTES = 1_500_000
_SILENT = (
    "These pictures have no alternative text. Many readers see it in their place; say so if one is "
    "only decoration:"
)


def check_pictures(
    mail: Anatomy,
    sizes: Mapping[str, int],
    *,
    own: Callable[[str], bool],
    missing: frozenset[str],
    undecided: Collection[str] = (),
    public_url: str,
) -> list[Finding]:
    """Look at the pictures of a mail.

    ``sizes`` are those that are known, by address; ``missing`` are addresses of our own library
    where no picture is any more; ``undecided`` those of pictures whose empty alternative text
    nobody has chosen.
    """
    seen = [picture for picture in mail.pictures if not picture.is_dot]
    found = []
    for check, text, concerned in (
        (
            "pictures.alt",
            _SILENT,
            [picture for picture in seen if _is_silent(picture, undecided)],
        ),
        (
            "pictures.missing",
            "These pictures are no longer in your media library:",
            [picture for picture in seen if picture.url in missing],
        ),
    ):
        if concerned:
            about = some([_name(picture) for picture in concerned])
            found.append(warn(check, text, *about, find=concerned[0].url))
    found += _heavy(seen, sizes)
    if any(own(picture.url) for picture in seen) and not public_url.startswith("https://"):
        found.append(
            warn(
                "pictures.address",
                f"The pictures of your library lie at {public_url}, which many mail programs do "
                "not open. Whoever runs this installation can give it an https address.",
            )
        )
    return found


def _is_silent(picture: Picture, undecided: Collection[str]) -> bool:
    if picture.alt is None:
        return True
    return not picture.alt and (picture.is_whole_link or picture.url in undecided)


def _heavy(seen: list[Picture], sizes: Mapping[str, int]) -> list[Finding]:
    known = {picture.url: sizes[picture.url] for picture in seen if picture.url in sizes}
    heavy = {
        f"{url.rpartition('/')[2]}: {size / 1e6:.1f} MB": url
        for url, size in known.items()
        if size > HEAVY_BYTES
    }
    if heavy:
        text = "These pictures are heavy, and slow on a phone. Below 0.5 MB is better:"
        return [warn("pictures.heavy", text, *some(list(heavy)), find=next(iter(heavy.values())))]
    total = sum(known.values())
    if total > HEAVY_TOGETHER_BYTES:
        text = f"The pictures weigh {total / 1e6:.1f} MB together, which is slow on a phone."
        return [warn("pictures.heavy", text)]
    return []


def _name(picture: Picture) -> str:
    try:
        path = urlsplit(picture.url).path
    except ValueError:
        path = ""
    return path.rpartition("/")[2] or picture.url or "(no address)"
