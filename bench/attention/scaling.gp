# The figure of `bench_attention_polynomial scaling`, in the style of the other figures (cli/render/figure_gnuplot.cpp).
#   gnuplot -c bench/attention/scaling.gp scaling.csv docs/figures/attention-scaling.svg
csv = ARG1
set datafile separator ','
stats csv skip 1 using (log10($1)):(log10($2)) name 'P' nooutput
stats csv skip 1 using (log10($1)):(log10($5)) name 'E' nooutput

set terminal svg size 760,560 font 'DejaVu Sans,13' background 'white'
set output ARG2
set title "Time of polynomial attention against the number of tokens\nd = 4, entries uniform in [-1, 1], scale 1/d, binary32, certified accuracy 1e-3, 1 thread"
set xlabel "tokens n\n "
set ylabel 'processor time (seconds)'
set logscale xy
set format xy '10^{%T}'
set key below left Left reverse samplen 4 width 2
set grid lc rgb '#d0d0d0' lt 1
set border lc rgb '#404040'
set autoscale fix
set offsets graph 0.02, graph 0.02, graph 0.04, graph 0.04
plot csv skip 1 using 1:2 with points lc rgb '#0072b2' lw 2 pt 7 ps 0.8 title 'polynomial attention', \
     10**P_intercept * x**P_slope with lines lc rgb '#0072b2' lw 2 dt solid title sprintf('fitted: n^{%.3f}', P_slope), \
     csv skip 1 using 1:5 with points lc rgb '#d55e00' lw 2 pt 5 ps 0.8 title 'exact attention', \
     [2**12:2**15] 10**E_intercept * x**E_slope with lines lc rgb '#d55e00' lw 2 dt (12,5) title sprintf('fitted: n^{%.3f}', E_slope)
