import type { Server } from "node:http";
import { WebSocketServer } from "ws";

const path = "/socket.io/";

/** Sends every message back. Returns a function that closes the connections of all clients. */
export function echoSocket(server: Server): () => void {
  const sockets = new WebSocketServer({ noServer: true });
  sockets.on("connection", (socket) => {
    socket.on("message", (data, isBinary) => {
      socket.send(data, { binary: isBinary });
    });
  });
  server.on("upgrade", (request, socket, head) => {
    if (!(request.url ?? "").startsWith(path)) {
      socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit("connection", client, request));
  });
  return () => {
    for (const client of sockets.clients) client.close(1001, "server is stopping");
  };
}
