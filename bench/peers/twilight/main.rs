//! twilight: JSON; none, zlib-stream or zstd-stream, as it is built. `raw` takes the messages' text;
//! `objects` also reads each into twilight's own types, as its `next_event` does.

use std::{env, hint::black_box, time::Duration};
use tokio_stream::StreamExt;
use twilight_gateway::{
    parse, queue::InMemoryQueue, ConfigBuilder, EventTypeFlags, Intents, Message, Shard, ShardId,
};

fn wanted(name: &str) -> String {
    env::var(name).expect(name)
}

fn number(name: &str) -> u64 {
    wanted(name).parse().expect("a number")
}

/// A dispatch's text is as it came: `op` stands where the server's encoder puts it.
fn is_dispatch(text: &str) -> bool {
    text.contains("\"op\":0,")
}

/// What twilight does not know yet is read as none of its events, which is no error.
fn read(text: String) {
    let event = parse(text, EventTypeFlags::all()).expect("an event");
    drop(black_box(event));
}

async fn follow(mut shard: Shard<InMemoryQueue>, is_raw: bool, wanted: u64) -> u64 {
    let mut seen = 0;
    while seen < wanted {
        match shard.next().await {
            Some(Ok(Message::Text(text))) => {
                seen += u64::from(is_dispatch(&text));
                if !is_raw {
                    read(text);
                }
            }
            Some(Ok(Message::Close(frame))) => panic!("closed with {frame:?}"),
            Some(Err(error)) => panic!("{error:?}"),
            None => break,
        }
    }
    seen
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let events = number("PEER_EVENTS");
    let shards = number("PEER_SHARDS") as u32;
    let queue = InMemoryQueue::new(shards as u16, 1000, Duration::from_secs(60), 1000);
    let config = ConfigBuilder::new(wanted("PEER_TOKEN"), Intents::all())
        .proxy_url(wanted("PEER_GATEWAY"))
        .queue(queue)
        .build();
    let is_raw = wanted("PEER_DOES") == "raw";
    let tasks: Vec<_> = (0..shards)
        .map(|number| Shard::with_config(ShardId::new(number, shards), config.clone()))
        .map(|shard| tokio::spawn(follow(shard, is_raw, events)))
        .collect();
    for task in tasks {
        println!("{{\"events\":{}}}", task.await.expect("a shard"));
    }
    std::future::pending::<()>().await;
}
