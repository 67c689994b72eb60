//! twilight: JSON; none, zlib-stream or zstd-stream, as it is built.
//!
//! Tells tests/clients/run one line of JSON for each dispatch, for each complaint and for its refusal.
//! What it logs on stderr is a complaint too. Each event is also read into twilight's own types.

use serde_json::{json, Value};
use std::env;
use tokio_stream::StreamExt;
use twilight_gateway::{
    error::ReceiveMessageErrorType, parse, ConfigBuilder, EventTypeFlags, Intents, Message, Shard, ShardId,
};
use twilight_http::Client;

fn wanted(name: &str) -> String {
    env::var(name).expect(name)
}

fn say(it: Value) {
    println!("{it}");
}

fn tell(shard: u32, text: &str) {
    let payload: Value = serde_json::from_str(text).expect("JSON");
    if payload["op"] == 0 {
        say(json!({"shard": shard, "s": payload["s"], "t": payload["t"]}));
    }
    if let Err(error) = parse(text.to_owned(), EventTypeFlags::all()) {
        say(json!({"complaint": format!("{}: {error:?}", payload["t"])}));
    }
}

async fn follow(mut shard: Shard) {
    let number = shard.id().number();
    let mut close = None;
    while let Some(message) = shard.next().await {
        match message {
            Ok(Message::Text(text)) => tell(number, &text),
            Ok(Message::Close(frame)) => close = frame,
            Err(error) if matches!(error.kind(), ReceiveMessageErrorType::Reconnect) => {}
            Err(error) => say(json!({"complaint": format!("{error:?}")})),
        }
    }
    // It comes back from every close but some.
    say(json!({"refused": format!("closed with {close:?}")}));
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(std::io::stderr)
        .init();
    let api = wanted("SIM_API").replace("http://", "").replace("/api/v10", "");
    let client = Client::builder().proxy(api, true).token(wanted("SIM_REST_TOKEN")).build();
    if let Err(error) = client.gateway().authed().await {
        say(json!({"refused": error.to_string()}));
        return;
    }
    let shards = wanted("SIM_SHARDS").parse().expect("a number");
    let config = ConfigBuilder::new(wanted("SIM_TOKEN"), Intents::all()).proxy_url(wanted("SIM_GATEWAY")).build();
    let tasks: Vec<_> = (0..shards)
        .map(|number| Shard::with_config(ShardId::new(number, shards), config.clone()))
        .map(|shard| tokio::spawn(follow(shard)))
        .collect();
    for task in tasks {
        task.await.expect("a shard's task");
    }
}
