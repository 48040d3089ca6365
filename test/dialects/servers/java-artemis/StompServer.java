import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Map;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.ActiveMQServers;

/**
 * ActiveMQ Artemis, embedded and in memory, for STOMP over tcp and, at the same port, over WebSocket. A client that
 * is silent for four times its heart-beat is dropped.
 */
public class StompServer {
  public static void main(String[] args) throws Exception {
    var acceptor = "tcp://127.0.0.1:" + args[0] + "?protocols=STOMP&backlog=1024"
        + "&heartBeatToConnectionTtlModifier=4.0&connectionTtlMin=1000";
    var configuration = new ConfigurationImpl()
        .setPersistenceEnabled(false)
        .setSecurityEnabled(false)
        .setJMXManagementEnabled(false)
        .addAcceptorConfiguration("stomp", acceptor);
    var server = ActiveMQServers.newActiveMQServer(configuration);
    server.start();
    var lines = new BufferedReader(new InputStreamReader(System.in));
    while (lines.readLine() != null) {
      var control = server.getActiveMQServerControl();
      System.out.printf("{\"clients\":%d,\"sessions\":%d,\"subscriptions\":%d}%n",
          control.getConnectionCount(), server.getSessions().size(), server.getTotalConsumerCount());
    }
    // It ends with whoever started it.
    System.exit(0);
  }
}
