namespace Larder.Infrastructure.Tests;

/// <summary>A file, read.</summary>
/// <param name="Path">Relative to infra-bicep/, with slashes.</param>
/// <param name="Declarations">In their order.</param>
internal sealed record BicepFile(string Path, IReadOnlyList<Declaration> Declarations)
{
    public bool IsParameters => Path.EndsWith(".bicepparam", StringComparison.Ordinal);

    public IEnumerable<T> All<T>()
        where T : Declaration =>
        Declarations.OfType<T>();

    /// <summary>The resources that this file makes.</summary>
    public IEnumerable<ResourceDeclaration> Made => All<ResourceDeclaration>().Where(resource => !resource.Existing);
}
