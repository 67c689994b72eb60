// discordgo: JSON; none (it has no zlib-stream). Its modules are those of tests/clients/go.
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"

	"github.com/bwmarrin/discordgo"
)

func number(name string) int {
	value, err := strconv.Atoi(os.Getenv(name))
	if err != nil {
		log.Fatal(name, " is no number")
	}
	return value
}

func open(shard, shards int, count func()) {
	session, err := discordgo.New("Bot " + os.Getenv("PEER_TOKEN"))
	if err != nil {
		log.Fatal(err)
	}
	session.SyncEvents = true   // in their order, and without a goroutine for each
	session.StateEnabled = false // it keeps no copy of the world, as ours keeps none
	session.Compress = false
	session.ShardID, session.ShardCount = shard, shards
	session.Identify.Intents = 0x331ffff
	session.AddHandler(func(_ *discordgo.Session, event *discordgo.Event) {
		if event.Operation == 0 {
			count()
		}
	})
	if err := session.Open(); err != nil {
		log.Fatal(err)
	}
}

func main() {
	discordgo.Logger = func(int, int, string, ...any) {}
	discordgo.APIVersion = "10"
	discordgo.EndpointGateway = os.Getenv("PEER_API") + "/gateway"
	discordgo.EndpointGatewayBot = discordgo.EndpointGateway + "/bot"
	wanted, seen := number("PEER_EVENTS"), 0
	for shard, shards := 0, number("PEER_SHARDS"); shard < shards; shard++ {
		open(shard, shards, func() {
			if seen++; seen == wanted {
				fmt.Printf("{\"events\":%d}\n", seen)
			}
		})
	}
	select {}
}
