"""A second run with another sentence re-uses the fitted face; an unchanged run does nothing."""

import pytest

pytestmark = pytest.mark.comfyui


def counts(server):
    log = server.log()
    return log.count("prepared the face"), log.count("re-used the face")


def test_another_sentence_reuses_the_fitted_face(server, prompt_of):
    server.client.run(prompt_of(TA_TextToSpeech={"text": "One."}))
    prepared, reused = counts(server)
    assert prepared >= 1
    server.client.run(prompt_of(TA_TextToSpeech={"text": "Two, please."}))
    assert counts(server) == (prepared, reused + 1)


def test_another_sentence_of_the_one_node_reuses_the_fitted_face(server, prompt_of):
    """Its stage is said in each run; the renderer says it once more when there is something to do."""
    said = [server.log().count("Fitting the head")]
    for text in ("One.", "Two, please.", "Three, then."):
        server.client.run(prompt_of("one_node", TA_TalkingAvatar={"text": text}))
        said.append(server.log().count("Fitting the head"))
    assert said[1] >= said[0] + 1 and said[2:] == [said[1] + 1, said[1] + 2]


def test_another_picture_is_fitted(server, prompt_of):
    """The control: the count does move when it has to."""
    from PIL import Image, ImageOps

    picture = ImageOps.mirror(Image.open(server.input / "sample_portrait.jpg"))
    picture.save(server.input / "mirrored.png")
    prepared, reused = counts(server)
    server.client.run(prompt_of(TA_TextToSpeech={"text": "One."}, TA_LoadPortrait={"file": "mirrored.png"}))
    assert counts(server) == (prepared + 1, reused)


def test_an_unchanged_run_executes_nothing(server, prompt_of):
    prompt = prompt_of(TA_TextToSpeech={"text": "Three."})
    server.client.run(prompt)
    messages = dict(server.client.run(prompt)["status"]["messages"])
    assert set(messages["execution_cached"]["nodes"]) == set(prompt)


def test_a_changed_file_of_the_same_name_is_noticed(server, prompt_of):
    from PIL import Image

    target = server.input / "changing.png"
    source = Image.open(server.input / "sample_portrait.jpg")
    source.save(target)
    prompt = prompt_of(TA_TextToSpeech={"text": "Four."}, TA_LoadPortrait={"file": "changing.png"})
    server.client.run(prompt)
    prepared, _ = counts(server)
    source.rotate(3).save(target)
    server.client.run(prompt)
    assert counts(server)[0] == prepared + 1
