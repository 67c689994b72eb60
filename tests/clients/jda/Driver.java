// JDA: JSON and ETF; none or zlib-stream. Tells tests/clients/run one line of JSON for each dispatch,
// for each complaint and for its refusal.
import com.neovisionaries.ws.client.WebSocketError;
import com.neovisionaries.ws.client.WebSocketException;
import java.io.PrintStream;
import java.util.EnumSet;
import java.util.Map;
import net.dv8tion.jda.api.GatewayEncoding;
import net.dv8tion.jda.api.JDA;
import net.dv8tion.jda.api.JDABuilder;
import net.dv8tion.jda.api.events.GenericEvent;
import net.dv8tion.jda.api.events.RawGatewayEvent;
import net.dv8tion.jda.api.events.session.ShutdownEvent;
import net.dv8tion.jda.api.exceptions.InvalidTokenException;
import net.dv8tion.jda.api.hooks.EventListener;
import net.dv8tion.jda.api.requests.GatewayIntent;
import net.dv8tion.jda.api.requests.RestConfig;
import net.dv8tion.jda.api.utils.ChunkingFilter;
import net.dv8tion.jda.api.utils.Compression;
import net.dv8tion.jda.api.utils.ConcurrentSessionController;
import net.dv8tion.jda.api.utils.data.DataObject;
import net.dv8tion.jda.internal.JDAImpl;

public class Driver implements EventListener {
  // JDA knows the gateway's address by heart, unless a session controller says another.
  static class Controller extends ConcurrentSessionController {
    @Override
    public String getGateway() {
      return System.getenv("SIM_GATEWAY");
    }

    // The API has been asked by then; this token is the one that it identifies with.
    @Override
    public void appendSession(SessionConnectNode node) {
      ((JDAImpl) node.getJDA()).getAuthorizationConfig().setToken(System.getenv("SIM_TOKEN"));
      super.appendSession(node);
    }
  }

  // In place of stderr, where slf4j-simple prints what JDA warns of, and then the exception. A
  // connection that is cut within a frame is an error to JDA, and none here.
  static class Complaints extends PrintStream {
    Complaints() {
      super(System.err);
    }

    @Override
    public void println(String line) {
      if (!line.contains("There was an error in the WebSocket connection"))
        say(Map.of("complaint", line));
    }

    @Override
    public void println(Object line) {
      boolean isCut = line instanceof WebSocketException error
          && error.getError() == WebSocketError.INSUFFICENT_DATA;
      if (line instanceof Throwable && !isCut)
        say(Map.of("complaint", line.toString()));
    }
  }

  static synchronized void say(Map<String, ?> it) {
    DataObject line = DataObject.empty();
    it.forEach(line::put);
    System.out.println(line);
  }

  @Override
  public void onEvent(GenericEvent event) {
    if (event instanceof RawGatewayEvent raw) {
      int shard = event.getJDA().getShardInfo().getShardId();
      say(Map.of("shard", shard, "s", raw.getPackage().getInt("s"), "t", raw.getType()));
    } else if (event instanceof ShutdownEvent end && end.getCloseCode() != null) {
      say(Map.of("refused", end.getCloseCode().toString()));
    }
  }

  static JDABuilder builder() {
    boolean isPlain = System.getenv("SIM_COMPRESSION").equals("none");
    return JDABuilder.create(System.getenv("SIM_REST_TOKEN"), EnumSet.allOf(GatewayIntent.class))
        .setRestConfig(new RestConfig().setBaseUrl(System.getenv("SIM_API") + "/"))
        .setGatewayEncoding(GatewayEncoding.valueOf(System.getenv("SIM_ENCODING").toUpperCase()))
        .setCompression(isPlain ? Compression.NONE : Compression.ZLIB)
        .setSessionController(new Controller())
        .setChunkingFilter(ChunkingFilter.NONE) // it would ask for members, once it has settled
        .setRawEventsEnabled(true)
        .setEnableShutdownHook(false)
        .addEventListeners(new Driver());
  }

  public static void main(String[] arguments) {
    System.setErr(new Complaints());
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
    int shards = Integer.parseInt(System.getenv("SIM_SHARDS"));
    try {
      for (int shard = 0; shard < shards; shard++)
        builder().useSharding(shard, shards).build();
    } catch (InvalidTokenException error) {
      say(Map.of("refused", error.getMessage()));
    }
  }
}
