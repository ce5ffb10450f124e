using Larder.Dashboard.Parts;

namespace Larder.Dashboard.Tests;

/// <summary>Conditions that links add to a filter and take away. Whether the server finds by them what they say, ActionTests ask it.</summary>
public sealed class NarrowingTests
{
    [Theory]
    [InlineData("")]
    [InlineData("  owner = 'ann' ", "owner = 'ann'")]
    [InlineData("owner = 'ann' and state = 'x AND y'", "owner = 'ann'", "state = 'x AND y'")]
    [InlineData("owner = 'O''Hara AND sons'AND id = 1", "owner = 'O''Hara AND sons'", "id = 1")]
    [InlineData("(kind = 'run' OR kind = 'job') AND tags.`a) or b` = '('", "(kind = 'run' OR kind = 'job')", "tags.`a) or b` = '('")]
    [InlineData("tags.sand-and-or = 'x' AND NOT tags.\"or\" = 'y'", "tags.sand-and-or = 'x'", "NOT tags.\"or\" = 'y'")]
    [InlineData("kind = 'run' AND id = 'a' OR kind = 'job'", "(kind = 'run' AND id = 'a' OR kind = 'job')")]
    public void A_filter_has_the_conditions_that_all_must_hold(string filter, params string[] conditions)
    {
        Assert.Equal(conditions, Narrowing.Conditions(filter));
        Assert.Equal(conditions, Narrowing.Conditions(Narrowing.Filter(conditions)));
    }

    [Theory]
    [InlineData("owner", "O'Hara", "owner = 'O''Hara'")]
    [InlineData("model", "a:b", "model = 'a:b'")]
    [InlineData("tag", "team:", "tags.`team` = ''")]
    [InlineData("tag", "a:b:c", "(tags.`a` = 'b:c' OR tags.`a:b` = 'c')")]
    [InlineData("tag", ":x", null)]
    [InlineData("tag", "a`b:c", null)]
    public void A_value_of_a_facet_is_a_condition(string facet, string value, string? condition) => Assert.Equal(condition, Narrowing.Condition(facet, value));
}
