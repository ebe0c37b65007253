from django.apps import AppConfig


class TokensConfig(AppConfig):
    name = "tokens"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Keyward"

    def ready(self) -> None:
        from tokens.services import signing_in

        signing_in.listen()
