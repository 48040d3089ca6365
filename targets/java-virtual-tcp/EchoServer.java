import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.GeneralSecurityException;

/** A TCP echo server with a virtual thread for each connection: what it sends comes back. Over TLS where it is given a certificate. */
public class EchoServer {
    private static final int BACKLOG = 1024;

    public static void main(String[] args) throws IOException, GeneralSecurityException {
        int port = Integer.parseInt(args[0]);
        try (var listener = listen(port, InetAddress.getLoopbackAddress())) {
            while (true) {
                Socket socket = listener.accept();
                Thread.startVirtualThread(() -> echo(socket));
            }
        }
    }

    private static ServerSocket listen(int port, InetAddress address) throws IOException, GeneralSecurityException {
        return System.getenv("TLS_CERT") == null
            ? new ServerSocket(port, BACKLOG, address)
            : Certificate.fromEnvironment().getServerSocketFactory().createServerSocket(port, BACKLOG, address);
    }

    private static void echo(Socket socket) {
        try (socket) {
            var in = socket.getInputStream();
            var out = socket.getOutputStream();
            var buffer = new byte[4096];
            for (int n = in.read(buffer); n != -1; n = in.read(buffer)) {
                out.write(buffer, 0, n);
            }
        } catch (IOException e) {
            // The other side has gone.
        }
    }
}
