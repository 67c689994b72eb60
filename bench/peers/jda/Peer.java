// JDA: JSON and ETF; none or zlib-stream. It decodes always, and keeps what it is told of; members are
// not kept here.
import java.util.EnumSet;
import net.dv8tion.jda.api.GatewayEncoding;
import net.dv8tion.jda.api.JDABuilder;
import net.dv8tion.jda.api.events.GenericEvent;
import net.dv8tion.jda.api.events.RawGatewayEvent;
import net.dv8tion.jda.api.hooks.EventListener;
import net.dv8tion.jda.api.requests.GatewayIntent;
import net.dv8tion.jda.api.requests.RestConfig;
import net.dv8tion.jda.api.utils.ChunkingFilter;
import net.dv8tion.jda.api.utils.Compression;
import net.dv8tion.jda.api.utils.ConcurrentSessionController;
import net.dv8tion.jda.api.utils.MemberCachePolicy;
import net.dv8tion.jda.api.utils.cache.CacheFlag;

public class Peer implements EventListener {
  // JDA knows the gateway's address by heart, unless a session controller says another.
  static class Controller extends ConcurrentSessionController {
    @Override
    public String getGateway() {
      return System.getenv("PEER_GATEWAY");
    }
  }

  private final int wanted = Integer.parseInt(System.getenv("PEER_EVENTS"));
  private int seen;

  @Override
  public void onEvent(GenericEvent event) {
    if (event instanceof RawGatewayEvent && ++seen == wanted)
      System.out.println("{\"events\":" + seen + "}");
  }

  public static void main(String[] arguments) {
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "off");
    boolean isPlain = System.getenv("PEER_COMPRESSION").equals("none");
    int shards = Integer.parseInt(System.getenv("PEER_SHARDS"));
    Controller controller = new Controller();
    controller.setConcurrency(shards);
    JDABuilder builder =
        JDABuilder.create(System.getenv("PEER_TOKEN"), EnumSet.allOf(GatewayIntent.class))
            .setRestConfig(new RestConfig().setBaseUrl(System.getenv("PEER_API") + "/"))
            .setGatewayEncoding(GatewayEncoding.valueOf(System.getenv("PEER_FORMAT").toUpperCase()))
            .setCompression(isPlain ? Compression.NONE : Compression.ZLIB)
            .setSessionController(controller)
            .setChunkingFilter(ChunkingFilter.NONE)
            .setMemberCachePolicy(MemberCachePolicy.NONE)
            .disableCache(EnumSet.allOf(CacheFlag.class))
            .setRawEventsEnabled(true)
            .setEnableShutdownHook(false)
            .addEventListeners(new Peer());
    for (int shard = 0; shard < shards; shard++)
      builder.useSharding(shard, shards).build();
  }
}
