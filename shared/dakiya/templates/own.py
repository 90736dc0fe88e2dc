"""The templates of a workspace: kept from campaigns, taken out of files, used, changed, deleted."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dakiya.accounts.users import visible_to
from dakiya.campaigns.content import Content, finish_content
from dakiya.errors import IllegalState, InvalidInput, NotFound
from dakiya.models import Template, Workspace
from dakiya.templates.exchange import MAX_NAME_CHARS

MAX_TEMPLATES = 300
_COPY = "{} (copy)"


def list_templates(session: Session, *, user_id: int) -> Sequence[Template]:
    """Return the user's templates, the last changed first."""
    return session.scalars(
        select(Template)
        .where(visible_to(user_id, Template.workspace_id))
        .order_by(Template.updated_at.desc(), Template.id.desc())
        .limit(MAX_TEMPLATES)
    ).all()


def find_template(
    session: Session, template_id: int, *, user_id: int, lock: bool = False
) -> Template:
    """Return a template that the user may see. Raises NotFound."""
    query = select(Template).where(
        Template.id == template_id, visible_to(user_id, Template.workspace_id)
    )
    template = session.scalar(query.with_for_update() if lock else query)
    if template is None:
        raise NotFound("There is no such template.")
    return template


def keep_template(session: Session, *, workspace_id: int, name: str, content: Content) -> Template:
    """Keep content as a new template.

    Raises InvalidInput, ContentError, and IllegalState when there are `MAX_TEMPLATES`.
    """
    session.execute(select(Workspace.id).where(Workspace.id == workspace_id).with_for_update())
    count = select(func.count()).where(Template.workspace_id == workspace_id)
    if session.scalars(count).one() >= MAX_TEMPLATES:
        raise IllegalState(
            f"There are {MAX_TEMPLATES} templates already. Delete one that nobody uses."
        )
    template = Template(workspace_id=workspace_id, name=_name(name))
    _fill(template, content)
    session.add(template)
    session.flush()
    return template


def change_template(
    template: Template, *, name: str | None = None, content: Content | None = None
) -> None:
    """Give a template another name, other content, or both. Raises InvalidInput, ContentError."""
    if name is not None:
        template.name = _name(name)
    if content is not None:
        _fill(template, content)
    template.updated_at = func.clock_timestamp()


def duplicate_template(session: Session, template: Template, content: Content) -> Template:
    """Make another template with the same content. Raises IllegalState when there are too many."""
    room = MAX_NAME_CHARS - len(_COPY.format(""))
    return keep_template(
        session,
        workspace_id=template.workspace_id,
        name=_COPY.format(template.name[:room]),
        content=content,
    )


def delete_template(session: Session, template: Template) -> None:
    """Delete it; campaigns that began with it keep what they say."""
    session.delete(template)
    session.flush()


def _name(name: str) -> str:
    found = " ".join(name.split())
    if not found:
        raise InvalidInput("Give the template a name.", "name")
    if len(found) > MAX_NAME_CHARS:
        raise InvalidInput(f"At most {MAX_NAME_CHARS} characters.", "name")
    return found


def _fill(template: Template, content: Content) -> None:
    content = finish_content(content)
    template.kind = content.kind
    template.source = content.source
    template.subject = content.subject
    template.preheader = content.preheader
    template.language = content.language
    template.html = content.html
    template.text = content.text
