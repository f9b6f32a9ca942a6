"""The app's URLs. The prefix is empty: they start at the root of the site."""

from scaffold import path

from . import views

prefix = ""

urlpatterns = [
    path("", views.index, name="index"),
]
