//! A caller of gRPC logs in and is known by its bearer token.

use hallpass_frameworks::tonic::Text;
use http::uri::PathAndQuery;
use tokio::net::TcpListener;
use tonic::Code;
use tonic::Request;
use tonic::Response;
use tonic::Status;
use tonic::client::Grpc;
use tonic::transport::Channel;
use tonic::transport::server::TcpIncoming;

use crate::manager;

async fn call(
    client: &mut Grpc<Channel>,
    who: &str,
    token: Option<&str>,
) -> Result<Response<String>, Status> {
    client.ready().await.unwrap();
    let mut request = Request::new(who.to_owned());
    if let Some(token) = token {
        let value = format!("Bearer {token}").parse().unwrap();
        request.metadata_mut().insert("authorization", value);
    }
    let path = PathAndQuery::from_static("/hallpass.Accounts/WhoAmI");
    client.unary(request, path, Text::default()).await
}

#[tokio::test]
async fn a_caller_of_grpc_is_known_by_its_token() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = hallpass_frameworks::tonic::server(manager()).unwrap();
    let serving = tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    let channel = Channel::from_shared(format!("http://{address}")).unwrap();
    let mut client = Grpc::new(channel.connect().await.unwrap());

    let nobody = call(&mut client, "", None).await.unwrap_err();
    assert_eq!(nobody.code(), Code::Unauthenticated);
    let login = call(&mut client, "alice", None).await.unwrap();
    let token = login.metadata().get("session-token").unwrap();
    let token = token.to_str().unwrap().to_owned();
    assert_eq!(login.get_ref(), "alice");
    let known = call(&mut client, "", Some(&token)).await.unwrap();
    assert_eq!(known.get_ref(), "alice");
    assert_eq!(known.metadata().get("session-token"), None);
    let other = if token.ends_with('A') { 'B' } else { 'A' };
    let forged = format!("{}{other}", &token[..token.len() - 1]);
    let forged = call(&mut client, "", Some(&forged)).await.unwrap_err();
    assert_eq!(forged.code(), Code::Unauthenticated);
    serving.abort();
}
