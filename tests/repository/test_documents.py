"""What the documents list is what there is."""

import re

from tests.repository.checkout import ROOT

CHECKS = ROOT / "shared" / "dakiya" / "campaigns" / "checks"
ABOUT = "address|balance|content|fields|html|links|pictures|sender|size|spam|subject"
CHECK = re.compile(rf"\"((?:{ABOUT})\.[a-z]+)\"")


def test_api_document_names_every_check() -> None:
    document = (ROOT / "docs" / "api.md").read_text()
    names = {name for path in CHECKS.glob("*.py") for name in CHECK.findall(path.read_text())}
    assert len(names) > 20
    assert {name for name in names if f"`{name}`" not in document} == set()
