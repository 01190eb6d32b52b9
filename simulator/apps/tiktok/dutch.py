"""TikTok's words in Dutch: a language that no shipped screens file covers. All are guesses; what is missing reads as foreign."""

# ruff: noqa: RUF001 - these are the apps' own apostrophes

from __future__ import annotations

DUTCH: dict[str, str] = {
    # tab bar and feed
    "home": "Startpagina", "friends": "Vrienden", "create": "Maken", "inbox": "Postvak IN", "profile": "Profiel",
    "search": "Zoeken", "explore": "Ontdekken", "local": "In de buurt", "following": "Volgend", "shop": "Winkel",
    "for_you": "Voor jou", "see_original": "Origineel bekijken", "see_more": "Meer bekijken",
    "connect_title": "Maak contact met vrienden om hun berichten te bekijken",
    "connect_contacts": "Verbinden met contacten", "connect_facebook": "Verbinden met Facebook-vrienden",
    "invite": "Vrienden uitnodigen", "your_story": "Jouw verhaal",
    # camera
    "add_sound": "Geluid toevoegen", "photo": "FOTO", "text_mode": "TEKST", "post_tab": "PLAATSEN", "create_tab": "MAKEN",
    "flip": "Draaien", "flash": "Flits", "timer": "Zelfontspanner", "layout": "Indeling", "ratio": "Verhouding",
    "retouch": "Retoucheren", "music": "Muziek", "dropdown": "Keuzemenu", "new_video": "Nieuwe video",
    "templates": "Sjablonen", "close": "Sluiten",
    # picker
    "recents": "Onlangs", "all": "Alles", "videos": "Video’s", "photos": "Foto’s", "ai_gallery": "AI-galerij",
    "select_multiple": "Meerdere selecteren", "select": "Selecteren", "next": "Volgende", "down": "Omlaag", "text": "Tekst",
    "description_ideas": "Ideeën voor beschrijvingen", "no_media": "Geef toegang tot je foto’s en video’s",
    # editor
    "settings": "Instellingen", "share": "Delen", "edit": "Bewerken", "video_templates": "Videosjablonen",
    "stickers": "Plakplaatjes", "effects": "Effecten", "done": "Klaar", "discard": "Weggooien",
    "save_draft": "Concept opslaan", "start_over": "Opnieuw beginnen", "cancel": "Annuleren",
    # sounds
    "sound_favorites": "Favorieten", "volume": "Geluidssterkte", "original_sound": "Oorspronkelijk geluid",
    "added_sound": "Toegevoegd geluid", "use_sound": "Geluid gebruiken", "add_to_story": "Aan verhaal toevoegen",
    "share_sound": "Geluid delen", "sounds": "Geluiden", "top": "Beste", "users": "Gebruikers",
    "no_results": "Geen resultaten gevonden", "sound_gone": "Dit geluid is niet beschikbaar", "video_word": "Film",
    # post screen
    "description": "Beschrijving toevoegen…", "description_old": "Beschrijving toevoegen...",
    "photo_title": "Voeg een pakkende titel toe",
    "photo_description": "Een lange beschrijving levert gemiddeld 3 keer zoveel weergaven op.",
    "post": "Plaatsen", "drafts": "Concepten", "mention": "Vermelding", "hashtags_button": "Hekjes",
    "ai_rewrite": "AI herschrijft", "ideas": "Ideeën voor beschrijvingen", "collapse": "Inklappen",
    "cover": "Omslag", "edit_cover": "Omslag bewerken", "preview": "Voorbeeld", "location": "Locatie",
    "more_info": "Meer informatie", "add_link": "Koppeling toevoegen", "add": "Toevoegen",
    "everyone": "Iedereen kan dit bericht bekijken", "only_you": "Alleen jij kunt dit bericht bekijken",
    "public": "Openbaar", "more_options": "Meer opties",
    "more_options_hint": "Privacy en meer instellingen staan nu hier.", "privacy": "Privacyinstellingen",
    "privacy_hint": "Bepaal wie je inhoud, reacties en verhaal mag hergebruiken.", "share_to": "Delen met",
    # More options
    "allow_comments": "Reacties toestaan", "allow_reuse": "Hergebruik van inhoud toestaan",
    "disclosure": "Openbaarmaking en advertenties", "ai_content": "Door AI gemaakte inhoud",
    "ai_content_hint": "Voeg dit label toe om te vertellen dat je inhoud met AI is gemaakt.",
    "ai_info_title": "Over door AI gemaakte inhoud", "ai_info_body": "Realistische inhoud van AI moet een label hebben.",
    "turn_on": "Inschakelen", "quality": "Uploadkwaliteit beheren", "save_device": "Op apparaat opslaan",
    # product link
    "product": "Artikel", "event": "Evenement", "add_product": "Artikelkoppelingen toevoegen", "showcase": "Etalage",
    "no_products": "Nog geen artikelen",
    # shared image
    "photo_entry": "Als foto", "message": "Bericht",
    # after Post
    "failed": "Video kan niet worden geüpload", "retry": "Opnieuw proberen", "sample_ago": "· 2 s geleden",
    # profile and accounts
    "edit_profile": "Profiel bewerken", "profile_menu": "Profielmenu", "followers": "Volgers", "likes": "Vind-ik-leuks",
    "switch_account": "Wissel van account", "add_account": "Account toevoegen", "pinned": "Berichten",
    # interruptions and people
    "contacts": "Geef toegang tot je contacten om mensen te vinden die je kent.", "dont_allow": "Niet toestaan",
    "open_settings": "Instellingen openen", "notifications": "Meldingen inschakelen?", "not_now": "Niet nu",
    "publicly": "Video openbaar plaatsen?", "publicly_body": "Iedereen kan je bericht bekijken.",
    "publish_now": "Nu plaatsen", "got_it": "Begrepen", "link_email": "E-mailadres koppelen",
    "collections": "Maak gedeelde verzamelingen", "follow_friends": "Volg je vrienden",
    "account_status": "Accountstatus", "blocked": "Het account is geblokkeerd", "log_in": "Log in bij TikTok",
    "log_in_options": "Gebruik telefoon / e-mail / gebruikersnaam", "sign_up": "Registreren",
    "no_account": "Heb je nog geen account?", "verify": "Verifieer om door te gaan",
    "slider": "Sleep de schuif om de puzzel te maken", "banned": "Je account is voorgoed verbannen",
}  # fmt: skip
