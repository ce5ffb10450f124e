namespace Larder.Worker.Tests.Parity;

/// <summary>A request that is sent to the published app under the tests' host and to the self-host, and what is to be the same of both answers.</summary>
/// <param name="Name">What it tries. Later requests name the job that it began by it, as in <c>/api/v1/jobs/{train}</c>.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Path and query.</param>
/// <param name="Status">The status that the published app answers.</param>
internal sealed record Exchange(string Name, string Method, string Path, int Status)
{
    /// <summary>Headers of the request.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>Makes the body; null: none.</summary>
    public Func<HttpContent>? Body { get; init; }

    /// <summary>What of the answers is compared.</summary>
    public Compared Compared { get; init; } = Compared.Everything;

    /// <summary>Whether the job that it began is waited for.</summary>
    public bool ToItsEnd { get; init; }

    /// <inheritdoc />
    public override string ToString() => Name;
}

/// <summary>What of two answers is to be the same.</summary>
internal enum Compared
{
    /// <summary>Status, headers and body.</summary>
    Everything,

    /// <summary>Status and headers: the body has measurements, or comes from the machine.</summary>
    Headers,

    /// <summary>The status alone.</summary>
    Status,
}
