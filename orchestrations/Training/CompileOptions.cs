using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Larder.Orchestrations;

/// <summary>How far an optimised model's answers may be from the original's: |a - b| &lt;= atol + rtol * |b|, as NumPy's allclose.</summary>
public sealed record CompileOptions
{
    /// <summary>Absolute tolerance.</summary>
    [Description("Absolute tolerance."), Range(0, 1e6)]
    public double Atol { get; init; } = 1e-5;

    /// <summary>Relative tolerance.</summary>
    [Description("Relative tolerance."), Range(0, 1)]
    public double Rtol { get; init; } = 1e-4;
}
