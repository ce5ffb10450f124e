using Larder.Registry.Errors;
using Larder.Registry.Models;

namespace Larder.Registry.Tests.Models;

public sealed class ModelReferenceTests
{
    [Theory]
    [InlineData("iris", "iris", null, null)]
    [InlineData("iris:3", "iris", 3, null)]
    [InlineData("iris:2147483647", "iris", int.MaxValue, null)]
    [InlineData("iris:champion", "iris", null, "champion")]
    [InlineData("iris:default", "iris", null, null)]
    [InlineData("iris:v3", "iris", null, "v3")]
    [InlineData("iris:1.0", "iris", null, "1.0")]
    public void A_reference_names_a_model_and_which_version_of_it(string text, string name, int? version, string? alias)
    {
        Assert.Equal(new ModelReference(ModelName.Parse(name), version, alias), ModelReference.Parse(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData(":")]
    [InlineData(":3")]
    [InlineData("iris:")]
    [InlineData("iris:0")]
    [InlineData("iris:03")]
    [InlineData("iris:-1")]
    [InlineData("iris:+1")]
    [InlineData("iris:2147483648")]
    [InlineData("iris:99999999999999999999")]
    [InlineData("iris:3:4")]
    [InlineData("iris: 3")]
    [InlineData("iris:٣")]
    [InlineData("information")]
    [InlineData("information:3")]
    public void Anything_else_is_refused(string text)
    {
        Assert.Throws<InvalidRequestException>(() => ModelReference.Parse(text));
    }

    [Theory]
    [InlineData("iris")]
    [InlineData("iris:3")]
    [InlineData("iris:champion")]
    public void It_is_written_as_it_is_read(string text) => Assert.Equal(text, ModelReference.Parse(text).ToString());
}
