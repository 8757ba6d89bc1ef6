"""Messages: what templates print, as e-mails."""

from blendtpl.mail.attachments import Attachment, Image, Invitation
from blendtpl.mail.content_id import cid
from blendtpl.mail.message import Message, Signer
from blendtpl.mail.unsubscribe import Unsubscribe
from blendtpl.mail.writer import new_message_id

__all__ = ["Attachment", "Image", "Invitation", "Message", "Signer", "Unsubscribe", "cid", "new_message_id"]
