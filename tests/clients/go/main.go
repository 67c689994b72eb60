// discordgo: JSON; none, compressed payloads. Tells tests/clients/run one line of JSON for each
// dispatch, for each complaint and for its refusal.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/bwmarrin/discordgo"
)

var mutex sync.Mutex

func say(it map[string]any) {
	line, _ := json.Marshal(it)
	mutex.Lock()
	defer mutex.Unlock()
	os.Stdout.Write(append(line, '\n'))
}

// What it warns of that is no fault of the other side: a connection that was cut, events that are
// newer than it is, and that a session's replay comes before RESUMED.
var harmless = []string{"error reading from gateway", "unknown event: ", "Expected READY/RESUMED"}

func complain(level, _ int, format string, arguments ...any) {
	text := fmt.Sprintf(format, arguments...)
	for _, words := range harmless {
		if strings.HasPrefix(text, words) {
			return
		}
	}
	if level <= discordgo.LogWarning {
		say(map[string]any{"complaint": text})
	}
}

func open(shard, shards int) {
	session, err := discordgo.New("Bot " + os.Getenv("SIM_REST_TOKEN"))
	if err != nil {
		panic(err)
	}
	session.LogLevel = discordgo.LogWarning
	session.SyncEvents = true // in their order
	session.Compress = os.Getenv("SIM_COMPRESSION") == "payload"
	session.ShardID, session.ShardCount = shard, shards
	session.Identify.Intents = 0x331ffff
	session.Identify.Token = "Bot " + os.Getenv("SIM_TOKEN")
	session.AddHandler(func(_ *discordgo.Session, event *discordgo.Event) {
		if event.Operation == 0 {
			say(map[string]any{"shard": shard, "s": event.Sequence, "t": event.Type})
		}
	})
	// Before it opens it asks nothing that wants a token.
	if _, err := session.GatewayBot(); err != nil {
		say(map[string]any{"refused": err.Error()})
		return
	}
	if err := session.Open(); err != nil {
		say(map[string]any{"refused": err.Error()})
	}
}

func main() {
	discordgo.Logger = complain
	discordgo.APIVersion = "10"
	discordgo.EndpointGateway = os.Getenv("SIM_API") + "/gateway"
	discordgo.EndpointGatewayBot = discordgo.EndpointGateway + "/bot"
	shards, _ := strconv.Atoi(os.Getenv("SIM_SHARDS"))
	for shard := 0; shard < shards; shard++ {
		open(shard, shards)
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	<-ended
}
