import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;

/** An HTTP server: a greeting at /, and /work?ms=5, which takes that much processor time. */
public class HelloServer {
    private static final int BACKLOG = 1024;
    private static final Pattern MS = Pattern.compile("ms=(\\d{1,4})");

    public static void main(String[] args) throws IOException {
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0]));
        var work = new Work();
        var server = HttpServer.create(address, BACKLOG);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", exchange -> {
            if (exchange.getRequestURI().getPath().equals("/")) answer(exchange, 200, "hello");
            else answer(exchange, 404, "not found");
        });
        server.createContext("/work", exchange -> {
            var query = exchange.getRequestURI().getQuery();
            var ms = MS.matcher(query == null ? "" : query);
            if (ms.matches()) {
                work.take(Integer.parseInt(ms.group(1)));
                answer(exchange, 200, "done");
            } else {
                answer(exchange, 400, "say how long: /work?ms=5");
            }
        });
        server.start();
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        var body = text.getBytes();
        exchange.getResponseHeaders().set("content-type", "text/plain");
        exchange.sendResponseHeaders(status, body.length);
        try (var out = exchange.getResponseBody()) {
            out.write(body);
        }
    }
}
