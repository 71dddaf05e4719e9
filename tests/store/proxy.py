"""A network that can be cut: a small TCP proxy in front of a server."""

from __future__ import annotations

import contextlib
import socket
import threading


class Proxy:
    """Forwards to a port of this machine; ``cut`` ends every line, ``hang`` swallows what is sent."""

    def __init__(self, port: int, *, bytes_before: int | None = None, then: str = "cut") -> None:
        """After ``bytes_before`` bytes from the client the network does ``then``, by itself."""
        self._target = port
        self._left, self._then = bytes_before, then
        self._hanging = False
        self._lines: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every line and take no other."""
        self._listener.close()
        for line in self._lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    def hang(self) -> None:
        self._hanging = True

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                self._lines += [client, server]
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(
                        target=self._copy, args=(source, sink, source is client), daemon=True
                    ).start()

    def _copy(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                if counted and self._left is not None:
                    self._left -= len(data)
                    if self._left < 0:
                        getattr(self, self._then)()
                if not self._hanging:
                    sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
