//! Paths and their methods.

use actix_web::dev::{AppService, Handler, HttpServiceFactory};
use actix_web::http::Method;
use actix_web::{FromRequest, Responder, Route, guard, web};

use crate::error::ApiError;

/// A path, to be given handlers:
///
/// ```
/// # use plinth_http::resource::at;
/// # async fn list() -> &'static str { "" }
/// # async fn create() -> &'static str { "" }
/// # fn register(config: &mut actix_web::web::ServiceConfig) {
/// config.service(at("/users").get(list).post(create));
/// # }
/// ```
///
/// `HEAD` is answered where `GET` is; any other method is refused with a complete `Allow`. (actix's own method
/// guards keep a list of methods in every request that they look at, and know nothing of `HEAD`.)
pub fn at(path: &str) -> Resource {
    Resource { path: path.to_owned(), methods: Vec::new(), routes: Vec::new() }
}

/// A path with its handlers; see [`at`].
pub struct Resource {
    path: String,
    methods: Vec<Method>,
    routes: Vec<Route>,
}

macro_rules! method {
    ($(#[$meta:meta])* $name:ident, $method:ident) => {
        $(#[$meta])*
        pub fn $name<F, Args>(self, handler: F) -> Self
        where
            F: Handler<Args>,
            Args: FromRequest + 'static,
            F::Output: Responder + 'static,
        {
            self.on(Method::$method, handler)
        }
    };
}

impl Resource {
    method! {
        /// Answers `GET`, and `HEAD` with the same headers.
        get, GET
    }
    method! {
        /// Answers `POST`.
        post, POST
    }
    method! {
        /// Answers `PUT`.
        put, PUT
    }
    method! {
        /// Answers `PATCH`.
        patch, PATCH
    }
    method! {
        /// Answers `DELETE`.
        delete, DELETE
    }

    fn on<F, Args>(mut self, method: Method, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.methods.push(method.clone());
        let matches = guard::fn_guard(move |context| {
            let asked = &context.head().method;
            *asked == method || (method == Method::GET && *asked == Method::HEAD)
        });
        self.routes.push(web::route().guard(matches).to(handler));
        self
    }

    fn allow(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for method in &self.methods {
            names.push(method.as_str());
            if *method == Method::GET {
                names.push(Method::HEAD.as_str());
            }
        }
        names.join(", ")
    }
}

impl HttpServiceFactory for Resource {
    fn register(self, config: &mut AppService) {
        let allow = self.allow();
        let refuse = move || {
            let error = ApiError::MethodNotAllowed { allow: allow.clone() };
            async move { Err::<actix_web::HttpResponse, _>(error) }
        };
        let mut resource = web::resource(self.path.as_str());
        for route in self.routes {
            resource = resource.route(route);
        }
        resource.default_service(web::to(refuse)).register(config);
    }
}
