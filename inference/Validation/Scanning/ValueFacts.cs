namespace Larder.Inference;

/// <summary>What the file says of one input or output of the model.</summary>
internal sealed class ValueFacts
{
    public string Name { get; set; } = "";

    public long? ElementType { get; set; }

    public bool IsTensorWithoutShape { get; set; }

    public long? BadDimension { get; set; }
}
