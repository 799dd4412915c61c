"""Channels and points of sale: what is declared is all there is to them."""

from central.kernel.declared import command_of
from central.kernel.privileges import Action
from central.selling.model import Channel, PointOfSale

CreateChannel = command_of(Action.CREATE, Channel)
CreatePointOfSale = command_of(Action.CREATE, PointOfSale)
