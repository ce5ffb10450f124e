namespace Larder.Infrastructure.Tests.Compiling;

/// <summary>A test that needs the compiler; skipped, with the reason, where there is none.</summary>
internal sealed class BicepFactAttribute : FactAttribute
{
    public BicepFactAttribute() => Skip = BicepCompiler.Missing;
}

/// <inheritdoc cref="BicepFactAttribute"/>
internal sealed class BicepTheoryAttribute : TheoryAttribute
{
    public BicepTheoryAttribute() => Skip = BicepCompiler.Missing;
}
