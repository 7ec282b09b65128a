"""Definitions as people write them with the SDK: the tutorial's, and short forms for what tests are about."""

from snowplow_signals import (
    AtomicProperty,
    Attribute,
    AttributeKey,
    Criteria,
    Criterion,
    EntityProperty,
    Event,
    EventProperty,
    InterventionCriteriaAll,
    InterventionCriteriaAny,
    InterventionCriteriaNone,
    InterventionCriterion,
    LinkAttributeKey,
    RuleIntervention,
    Service,
    StreamAttributeGroup,
    StructuredEvent,
    domain_userid,
)

OWNER = "shop@example.com"

ecommerce_action = EventProperty(
    vendor="com.snowplowanalytics.snowplow.ecommerce",
    name="snowplow_ecommerce_action",
    major_version=1,
    path="type",
)


def product_property(path: str, index: int = 0) -> EntityProperty:
    """A property of the `index`-th product of an ecommerce event."""
    return EntityProperty(
        vendor="com.snowplowanalytics.snowplow.ecommerce",
        name="product",
        major_version=1,
        path=path,
        index=index,
    )


def _ecommerce_attribute(name: str, action: str, **how: object) -> Attribute:
    return Attribute(
        name=name,
        events=[Event(name="snowplow_ecommerce_action")],
        criteria=Criteria(all=[Criterion.eq(ecommerce_action, action)]),
        **how,
    )


def tutorial_group(**changes: object) -> StreamAttributeGroup:
    """The tutorial's attributes of a shopper."""
    definition = {
        "name": "ecom_attributes",
        "version": 1,
        "attribute_key": domain_userid,
        "owner": "user@company.com",
        "attributes": [
            _ecommerce_attribute("count_product_views", "product_view", type="int32", aggregation="counter"),
            _ecommerce_attribute("count_add_to_cart", "add_to_cart", type="int32", aggregation="counter"),
            _ecommerce_attribute(
                "total_cart_value",
                "add_to_cart",
                type="double",
                aggregation="sum",
                property=product_property("price"),
            ),
        ],
    }
    return StreamAttributeGroup(**{**definition, **changes})


def tutorial_service(**changes: object) -> Service:
    """The tutorial's service, which offers the group."""
    definition = {
        "name": "ecom_attributes",
        "attribute_groups": [tutorial_group()],
        "owner": "user@company.com",
    }
    return Service(**{**definition, **changes})


def tutorial_interventions() -> list[RuleIntervention]:
    """The tutorial's three rules."""
    return [
        RuleIntervention(
            name=name,
            version=1,
            description=f"{name} banner",
            owner="user@company.com",
            criteria=criterion(f"ecom_attributes:{attribute}", ">", threshold),
            target_attribute_keys=[LinkAttributeKey(name="user_id"), LinkAttributeKey(name="domain_userid")],
        )
        for name, attribute, threshold in [
            ("cart_abandonment", "count_add_to_cart", 0),
            ("discount", "count_product_views", 3),
            ("free_shipping", "total_cart_value", 100),
        ]
    ]


def tutorial() -> list:
    """Everything that the tutorial publishes."""
    return [tutorial_group(), tutorial_service(), *tutorial_interventions()]


word = AtomicProperty(name="se_property")
"""What `Shopper.clicks` sends as `word`."""

number = AtomicProperty(name="se_value")
"""What `Shopper.clicks` sends as `number`."""


def counted(name: str = "clicks", **how: object) -> Attribute:
    """The number of clicks."""
    return Attribute(name=name, type="int32", events=[StructuredEvent()], aggregation="counter", **how)


def total(name: str, type: str = "double", **how: object) -> Attribute:
    """The sum of what clicks are worth."""
    return Attribute(
        name=name, type=type, events=[StructuredEvent()], aggregation="sum", property=number, **how
    )


def latest(name: str, property: AtomicProperty, type: str = "string", **how: object) -> Attribute:
    """The property of the latest click that has it."""
    return Attribute(
        name=name, type=type, events=[StructuredEvent()], aggregation="last", property=property, **how
    )


def group(
    *attributes: Attribute, name: str = "clicks", key: AttributeKey = domain_userid, **how: object
) -> StreamAttributeGroup:
    """A group of the attributes."""
    return StreamAttributeGroup(name=name, attribute_key=key, owner=OWNER, attributes=list(attributes), **how)


def criterion(attribute: str, operator: str, value: object = None) -> InterventionCriterion:
    """A comparison of an attribute, written `group:attribute`."""
    return InterventionCriterion(attribute=attribute, operator=operator, value=value)


def rule(
    criteria: object, name: str = "rule", targets: list[str] | None = None, **how: object
) -> RuleIntervention:
    """An intervention; `targets` are names of attribute keys."""
    keys = None if targets is None else [LinkAttributeKey(name=target) for target in targets]
    return RuleIntervention(name=name, owner=OWNER, criteria=criteria, target_attribute_keys=keys, **how)


def all_of(*criteria: object) -> InterventionCriteriaAll:
    return InterventionCriteriaAll(all=list(criteria))


def any_of(*criteria: object) -> InterventionCriteriaAny:
    return InterventionCriteriaAny(any=list(criteria))


def none_of(*criteria: object) -> InterventionCriteriaNone:
    return InterventionCriteriaNone(none=list(criteria))
