"""Channels and points of sale: what is declared. Whose contingents a channel may name: inventory/contingents.py."""

from central.kernel.crud import command_of
from central.kernel.privileges import Action
from central.selling.model import Channel, PointOfSale

CreateChannel = command_of(Action.CREATE, Channel)
ChangeChannel = command_of(Action.MODIFY, Channel)
CreatePointOfSale = command_of(Action.CREATE, PointOfSale)
ChangePointOfSale = command_of(Action.MODIFY, PointOfSale)
