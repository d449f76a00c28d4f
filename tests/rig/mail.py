"""A mail server on the loopback that keeps what comes and refuses on demand: real sockets, the protocol of RFC 5321."""

import socketserver
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from django.core.mail.backends.smtp import EmailBackend


class MailServer(socketserver.ThreadingTCPServer):
    """`refused`: addresses it takes nothing for; `hangs_up`: it goes away after a text, without a word; `connections` counts."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.refused: set[str] = set()
        self.hangs_up = False
        self.came: list[EmailMessage] = []
        self.connections = 0

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def to(self) -> list[str]:
        return [str(message["To"]) for message in self.came]


class Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.server.connections += 1
        self.say(220, "ready")
        while line := self.rfile.readline().decode().strip():
            word, rest = line[:4].upper(), line[4:]
            if word == "QUIT":
                self.say(221, "bye")
                return
            if word == "DATA":
                if not self.take():
                    return
            elif word == "RCPT" and any(f"<{address}>" in rest for address in self.server.refused):
                self.say(550, "no such mailbox")
            else:
                self.say(250, "ok")

    def take(self) -> bool:
        """The text up to the line with a single dot. Returns whether the conversation goes on."""
        self.say(354, "go on")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
        self.server.came.append(message_from_bytes(b"".join(lines), policy=policy.default))
        if not self.server.hangs_up:
            self.say(250, "taken")
        return not self.server.hangs_up

    def say(self, code: int, words: str) -> None:
        self.wfile.write(f"{code} {words}\r\n".encode())


class Dying(EmailBackend):
    """The process ends, as by a signal, before anything goes out to an address that begins with “dies”."""

    def send_messages(self, email_messages: Any) -> int:
        if any(message.to[0].startswith("dies") for message in email_messages):
            raise KeyboardInterrupt
        return super().send_messages(email_messages)


@pytest.fixture
def mail_server(settings: Any) -> Iterator[MailServer]:
    """The server, and settings that send all mail to it."""
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield server
        server.shutdown()
