"""Instagram's words in Dutch, for the way of a reel. All are guesses; what is missing reads as foreign."""

from __future__ import annotations

DUTCH: dict[str, str] = {
    # tab bar, feed, profile
    "home": "Startpagina", "message": "Bericht", "search_explore": "Zoeken en verkennen", "profile": "Profiel",
    "home_feed": "Instagram-startpagina", "your_story": "Jouw verhaal", "add_to_story": "Aan verhaal toevoegen",
    "friends": "Vrienden", "create_reel": "Reel maken", "send": "Versturen", "edit_profile": "Profiel bewerken",
    "share_profile": "Profiel delen", "posts": "berichten", "followers": "volgers", "following": "volgend",
    "options": "Opties", "new": "Nieuw", "cancel": "Annuleren", "add_account": "Instagram-account toevoegen",
    "posting_to": "Wordt geplaatst op {}…", "keep_open": "Houd Instagram open om het plaatsen af te maken…",
    "sharing_reels": "Wordt gedeeld in Reels…", "done_posting": "Geplaatst. Direct naar vrienden sturen?",
    "posted": "Geplaatst! {}", "cant_post": "Video kan niet worden geplaatst",
    # create sheet, picker, camera
    "create_new": "Nieuw maken", "create": "Maken", "create_new_reel": "Nieuwe reel maken",
    "create_new_post": "Nieuw bericht maken", "create_new_story": "Nieuw verhaal maken", "post": "Bericht",
    "story": "Verhaal", "new_reel": "Nieuwe reel", "new_post": "Nieuw bericht", "back_home": "Terug naar start",
    "camera_settings": "Camera-instellingen", "drafts": "Concepten", "templates": "Sjablonen", "recents": "Onlangs",
    "open_camera": "Camera openen", "gallery": "Galerij", "next": "Volgende", "post_tab": "BERICHT",
    "story_tab": "VERHAAL", "templates_tab": "SJABLONEN", "keep_draft": "Verder met je concept?",
    "keep_editing": "Verder bewerken", "start_new": "Nieuwe video beginnen",
    # editor and share screen
    "edit_video": "Video bewerken", "add_audio": "Audio toevoegen", "add_text": "Tekst toevoegen",
    "add_sticker": "Sticker toevoegen", "effects": "Effecten", "volume": "Geluidssterkte", "save": "Opslaan",
    "discard_reel": "Reel weggooien?", "discard": "Weggooien", "save_draft": "Concept opslaan",
    "caption_hint": "Schrijf een bijschrift en voeg hashtags toe…", "caption_hint_feed": "Schrijf een bijschrift…",
    "ok": "Oké", "back": "Terug", "share": "Delen", "edit_cover": "Omslag bewerken", "tag_people": "Mensen taggen",
    "add_location": "Locatie toevoegen", "rename_audio": "Audio hernoemen", "ai_label": "AI-label toevoegen",
    "audience": "Doelgroep", "everyone": "Iedereen", "also_share": "Ook delen op…",
    "about_reels": "Over Reels", "about_reels_body": "Iedereen kan je reel ontdekken.",
    "not_now": "Niet nu", "skip": "Overslaan", "got_it": "Begrepen", "continue": "Doorgaan",
}  # fmt: skip
