//! Who is signed in in a browser, and what a logout leaves to the others.

use std::net::IpAddr;

use hallpass_core::Presented;
use hallpass_core::SessionToken;
use http::HeaderMap;

use super::Account;
use super::Accounts;
use super::Carrier;
use super::Incoming;
use super::Transport;
use crate::clear_site_data::ClearSiteData;
use crate::cookie::Cookies;
use crate::cookie::Found;

impl Transport {
    /// Reads who is signed in in this browser: what it presents for each of its accounts, to be
    /// opened one by one for a page that lets the user choose. Looking is no activity in any of
    /// them. Nothing is told of what is no token.
    #[must_use]
    pub fn presented_accounts(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Vec<Incoming> {
        let (client, is_insecure) = self.read_client(peer, headers);
        let count = self.accounts.as_ref().map_or(1, Accounts::max);
        let of_account = |number| {
            let cookie = self.cookies.as_ref()?.of_account(number)?;
            let Found::One(text) = cookie.find(headers) else {
                return None;
            };
            let presented = Presented {
                session: Some(SessionToken::parse(text).ok()?),
                held_session: true,
                no_touch: true,
                prefetch: true,
                ..Presented::default()
            };
            Some(Incoming {
                presented,
                client: client.clone(),
                carrier: Carrier::Account(self.account(number, headers)),
            })
        };
        let numbers = (0..count).filter(|_| !is_insecure);
        numbers.filter_map(of_account).collect()
    }

    /// Returns the number of the first account that has no cookie in this browser, for a link that
    /// adds one; `None` where all have.
    #[must_use]
    pub fn free_account(&self, headers: &HeaderMap) -> Option<u8> {
        let cookies = self.cookies.as_ref()?;
        let count = self.accounts.as_ref().map_or(1, Accounts::max);
        (0..count).find(|number| is_absent(cookies, *number, headers))
    }

    /// Returns an account, and whether its logout may take all cookies. Nobody asks where it does
    /// not, so nobody looks.
    pub(super) fn account(&self, number: u8, headers: &HeaderMap) -> Account {
        let count = self.accounts.as_ref().map_or(1, Accounts::max);
        let is_alone = match (&self.cookies, self.clear_site_data) {
            // A request of another site brings no cookie at all, which says nothing of the others.
            (Some(cookies), Some(clear)) if clear.clears_cookies() => {
                (0..count).all(|other| is_absent(cookies, other, headers) != (other == number))
            }
            _ => false,
        };
        Account { number, is_alone }
    }

    /// Returns what the browser forgets at a logout. Never the cookies of another account.
    pub(super) fn cleared(&self, carrier: Carrier) -> Option<ClearSiteData> {
        let clear = self.clear_site_data?;
        match (carrier, &self.accounts) {
            (Carrier::Account(account), Some(_)) if account.is_alone => Some(clear),
            (_, Some(_)) => Some(clear.without_cookies()),
            (_, None) => Some(clear),
        }
    }
}

fn is_absent(cookies: &Cookies, account: u8, headers: &HeaderMap) -> bool {
    let cookie = cookies.of_account(account);
    cookie.is_none_or(|cookie| matches!(cookie.find(headers), Found::Absent))
}
