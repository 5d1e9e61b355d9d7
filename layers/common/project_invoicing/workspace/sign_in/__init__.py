"""Sign-in by OpenID Connect: Entra ID, Cognito, or any other issuer that can be found by discovery."""
